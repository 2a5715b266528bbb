package dev.godwit.run;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What became of one attempt to connect.
 *
 * @param path {@code direct}, {@code punched}, {@code relay}, or {@code -} when there was none
 * @param transport over which
 * @param millis until the first answer
 * @param obstacle why it cannot be better, if so
 * @param complaint what is wrong with it; null when nothing is
 */
record ConnectivityCell(
    String path,
    String transport,
    double millis,
    Optional<String> obstacle,
    @Nullable String complaint) {
  boolean isConnected() {
    return !path.equals("-");
  }

  /** As it is in the table: a {@code !} says that it is not as it has to be. */
  String text() {
    String what =
        isConnected()
            ? path
                + (path.equals("relay") ? "" : " " + transport)
                + String.format(Locale.ROOT, " %.0f ms", millis)
            : path;
    return complaint == null ? what : what + " !";
  }
}
