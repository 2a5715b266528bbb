package dev.godwit.stream;

import java.io.IOException;
import java.time.Duration;

/** A read or write made no progress for as long as {@link ByteStream#timeout} allows. */
public final class StreamTimeoutException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Names the operation, "read" or "write", and how long it waited. */
  public StreamTimeoutException(String operation, Duration waited) {
    super(operation + " made no progress for " + waited.toMillis() + " ms");
  }
}
