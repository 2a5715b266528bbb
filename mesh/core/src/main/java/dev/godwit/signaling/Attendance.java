package dev.godwit.signaling;

import java.util.List;

/**
 * Who of a mesh is there, as the hub says.
 *
 * @param present the processes that are logged in; unproven
 * @param outlook whether it is worth asking again soon for somebody who is missing
 */
public record Attendance(List<PresentInstance> present, Outlook outlook) {

  /** What is known of those who are not logged in. */
  public enum Outlook {
    /** They have gone, or have not been there for some time. */
    SETTLED,
    /** One of them may be back in a moment: the hub has lost a connection, or was just started. */
    UNSETTLED
  }

  /** Copies the list. */
  public Attendance {
    present = List.copyOf(present);
  }
}
