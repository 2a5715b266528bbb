package dev.godwit.pullorder;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Ranges as people write them: {@code 0-1M,10M+4K}. */
final class RangeText {
  private static final Pattern RANGE = Pattern.compile("(\\d+)([KMGT]?)([-+])(\\d+)([KMGT]?)");
  private static final int MAX_DIGITS = 18;
  private static final String SUFFIXES = "KMGT";

  private RangeText() {}

  /**
   * Reads ranges.
   *
   * @throws IllegalArgumentException with a message for people
   */
  static List<ByteRange> parse(String text) {
    List<ByteRange> ranges = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      ranges.add(range(part.strip()));
    }
    return List.copyOf(ranges);
  }

  private static ByteRange range(String text) {
    Matcher matcher = RANGE.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no range; write FROM-TO or OFFSET+LENGTH, such as 0-1M or 10M+4K");
    }
    long first = number(matcher.group(1), matcher.group(2));
    long second = number(matcher.group(4), matcher.group(5));
    boolean isLength = matcher.group(3).equals("+");
    if (!isLength && second < first) {
      throw new IllegalArgumentException("the range '" + text + "' ends before it begins");
    }
    if (isLength && first > Long.MAX_VALUE - second) {
      throw new IllegalArgumentException("the range '" + text + "' is too large");
    }
    return new ByteRange(first, isLength ? second : second - first);
  }

  private static long number(String digits, String suffix) {
    int shift = suffix.isEmpty() ? 0 : 10 * (SUFFIXES.indexOf(suffix) + 1);
    if (digits.length() > MAX_DIGITS || Long.parseLong(digits) > Long.MAX_VALUE >> shift) {
      throw new IllegalArgumentException("the number " + digits + suffix + " is too large");
    }
    return Long.parseLong(digits) << shift;
  }
}
