package dev.godwit.ticket;

/** A text is not a ticket; the message says why and never quotes the text. */
public final class InvalidTicketException extends Exception {

  /** The message is one or two sentences for a human. */
  public InvalidTicketException(String message) {
    super(message);
  }

  /** As above, with what the parser said. */
  public InvalidTicketException(String message, Throwable cause) {
    super(message, cause);
  }
}
