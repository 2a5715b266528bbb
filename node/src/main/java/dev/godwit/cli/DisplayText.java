package dev.godwit.cli;

import static java.util.stream.Collectors.joining;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** How text fills the columns of a terminal. */
final class DisplayText {
  private static final char ESCAPE = '\033';

  /**
   * Begins a style of ours instead of the escape character, which names and paths may have in them:
   * a code point that is no character.
   */
  static final char STYLE = '\uFDD0';

  private static final Pattern LINE_FEED = Pattern.compile("\n");
  private static final Pattern STYLES = Pattern.compile(STYLE + "(\\[\\d{1,2}m)");

  private DisplayText() {}

  /**
   * A text in which nothing can steer a terminal: control characters, and those that turn the
   * direction of writing, are shown as {@code \\x1b}. Styles of ours stay, and so do tabs.
   */
  static String visible(String text) {
    if (text.codePoints().noneMatch(DisplayText::isControl)) {
      return text;
    }
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .forEach(
            point -> {
              if (isControl(point)) {
                shown.append(String.format(point < 0x100 ? "\\x%02x" : "\\u%04x", point));
              } else {
                shown.appendCodePoint(point);
              }
            });
    return shown.toString();
  }

  /** As {@link #visible}, for a text of several lines. */
  static String visibleLines(String text) {
    return LINE_FEED.splitAsStream(text).map(DisplayText::visible).collect(joining("\n"));
  }

  /** Whether a terminal, or who reads it, would take it for something else than a character. */
  static boolean isControl(int point) {
    return (Character.isISOControl(point) && point != '\t')
        || point == 0x200e
        || point == 0x200f
        || (point >= 0x2028 && point <= 0x202e)
        || (point >= 0x2066 && point <= 0x2069);
  }

  /** A text with the escape sequences that its styles stand for. */
  static String coded(String text) {
    return STYLES.matcher(text).replaceAll(ESCAPE + "$1");
  }

  /** How many columns a text takes; escape sequences for colours take none. */
  static int columns(String text) {
    int columns = 0;
    int at = 0;
    while (at < text.length()) {
      int point = text.codePointAt(at);
      if (point == ESCAPE || point == STYLE) {
        at = behindSequence(text, at);
      } else {
        columns += columns(point);
        at += Character.charCount(point);
      }
    }
    return columns;
  }

  private static int behindSequence(String text, int at) {
    int end = at + 1;
    while (end < text.length() && !Character.isLetter(text.charAt(end))) {
      end++;
    }
    return Math.min(text.length(), end + 1);
  }

  private static int columns(int point) {
    int type = Character.getType(point);
    if (type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.FORMAT) {
      return 0;
    }
    return isWide(point) ? 2 : 1;
  }

  /** Han, Kana, Hangul, full-width forms and pictures (Unicode Standard Annex 11, W and F). */
  private static boolean isWide(int point) {
    return point >= 0x1100
        && (point <= 0x115f
            || (point >= 0x2e80 && point <= 0xa4cf && point != 0x303f)
            || (point >= 0xac00 && point <= 0xd7a3)
            || (point >= 0xf900 && point <= 0xfaff)
            || (point >= 0xfe30 && point <= 0xfe6f)
            || (point >= 0xff00 && point <= 0xff60)
            || (point >= 0xffe0 && point <= 0xffe6)
            || (point >= 0x1f300 && point <= 0x1f64f)
            || (point >= 0x1f900 && point <= 0x1f9ff)
            || (point >= 0x20000 && point <= 0x3fffd));
  }

  /** A text that takes at most that many columns; dots stand for what was cut away. */
  static String cut(String text, int columns, Terminal terminal) {
    if (columns(text) <= columns) {
      return text;
    }
    String dots = terminal.ellipsis();
    StringBuilder kept = new StringBuilder();
    int room = Math.max(0, columns - columns(dots));
    for (int at = 0; at < text.length(); at += Character.charCount(text.codePointAt(at))) {
      int point = text.codePointAt(at);
      room -= columns(point);
      if (room < 0) {
        break;
      }
      kept.appendCodePoint(point);
    }
    return kept + dots;
  }

  /** In which column a text begins. */
  static int indent(String text) {
    int start = 0;
    while (start < text.length() && text.charAt(start) == ' ') {
      start++;
    }
    return start;
  }

  /** As {@link #wrap(String, int, int)}; what follows the first line is indented like it. */
  static List<String> wrap(String text, int columns) {
    return wrap(text, columns, indent(text));
  }

  /**
   * Breaks a text into lines between words. Words that are longer than a line stay whole, so that
   * what is to be copied can be.
   *
   * @param margin the column in which what follows the first line begins
   */
  static List<String> wrap(String text, int columns, int margin) {
    if (columns(text) <= columns) {
      return List.of(text);
    }
    int start = indent(text);
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder(" ".repeat(start));
    boolean empty = true;
    for (String word : text.substring(start).split(" ", -1)) {
      if (!empty && columns(line.toString()) + 1 + columns(word) > columns) {
        lines.add(line.toString().stripTrailing());
        line.setLength(0);
        line.append(" ".repeat(margin));
        empty = true;
      }
      if (!empty) {
        line.append(' ');
      }
      line.append(word);
      empty = false;
    }
    lines.add(line.toString());
    return lines;
  }
}
