package dev.godwit.stories;

import dev.godwit.testnetwork.Outcome;
import java.util.List;

/**
 * How much of a resource is here, as {@code godwit mount --list} says.
 *
 * @param bytes that have come
 * @param total of the resource
 */
record Here(double bytes, double total) {

  /** What is said about {@code resource}. */
  static Here of(Outcome list, String resource) {
    String line =
        list.out()
            .lines()
            .filter(one -> one.startsWith(resource + " "))
            .findFirst()
            .orElseThrow(() -> new AssertionError(resource + " is not listed: " + list));
    List<Double> sizes = Shown.sizes(line);
    return new Here(sizes.get(0), sizes.get(1));
  }

  /** Between 0 and 1. */
  double share() {
    return bytes / total;
  }
}
