package dev.godwit.nbd.kernel;

import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Waits for the end of connections with {@code poll(2)}, which takes nothing from the kernel. */
final class LinkWatch {
  /** {@code struct pollfd}. */
  private static final int ENTRY_BYTES = 8;

  private static final int EVENTS_AT = 4;
  private static final int FOUND_AT = 6;
  private static final int OVER = LibC.POLLERR | LibC.POLLHUP | LibC.POLLRDHUP;

  private final SystemCalls calls;

  LinkWatch(SystemCalls calls) {
    this.calls = calls;
  }

  /**
   * Waits until one of the connections is over.
   *
   * @param links at least one; nobody closes them meanwhile
   * @param millis how long, or -1 for ever
   * @return those that are over; none when the time is
   */
  List<ServerLink> await(List<ServerLink> links, int millis) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment entries = arena.allocate((long) ENTRY_BYTES * links.size(), 8);
      for (int i = 0; i < links.size(); i++) {
        entries.set(ValueLayout.JAVA_INT, (long) i * ENTRY_BYTES, links.get(i).number());
        entries.set(
            ValueLayout.JAVA_SHORT, (long) i * ENTRY_BYTES + EVENTS_AT, (short) LibC.POLLRDHUP);
      }
      if (calls.libc().poll(entries.address(), links.size(), millis) < 0
          && calls.lastError() != LibC.EINTR) {
        throw calls.failure("poll");
      }
      List<ServerLink> over = new ArrayList<>();
      for (int i = 0; i < links.size(); i++) {
        short found = entries.get(ValueLayout.JAVA_SHORT, (long) i * ENTRY_BYTES + FOUND_AT);
        if ((found & OVER) != 0) {
          over.add(links.get(i));
        }
      }
      return over;
    }
  }
}
