package dev.godwit.cli;

import java.util.ArrayList;
import java.util.List;

/**
 * A terminal of a fixed width, as a person sees it: it takes text, colours, returns and the erasing
 * of a line, and breaks a line that is too long, which no moving line may be.
 */
final class Screen {
  private static final String MOVED = "~ ";

  private final int width;
  private final List<String> seen = new ArrayList<>();
  private final StringBuilder line = new StringBuilder();
  private int column;
  private int brokenMoving;
  private boolean moving;

  Screen(int width) {
    this.width = width;
  }

  /** Shows what a program has written. */
  Screen write(String text) {
    int at = 0;
    while (at < text.length()) {
      if (text.startsWith("\r\033[K", at)) {
        erase();
        at += 4;
      } else if (text.charAt(at) == '\033') {
        at = text.indexOf('m', at) + 1;
      } else {
        int point = text.codePointAt(at);
        put(point);
        at += Character.charCount(point);
      }
    }
    return this;
  }

  private void erase() {
    if (!line.isEmpty()) {
      seen.add(MOVED + line);
    }
    line.setLength(0);
    column = 0;
    moving = true;
  }

  private void put(int point) {
    if (point == '\n') {
      seen.add(line.toString());
      line.setLength(0);
      column = 0;
      moving = false;
      return;
    }
    int columns = DisplayText.columns(Character.toString(point));
    if (column + columns > width) {
      brokenMoving += moving ? 1 : 0;
      seen.add(line + "\\");
      line.setLength(0);
      column = 0;
    }
    line.appendCodePoint(point);
    column += columns;
  }

  /**
   * Every line that was to be seen, in order. One that was replaced later begins with a tilde; one
   * that the terminal broke ends with a backslash.
   */
  List<String> seen() {
    List<String> all = new ArrayList<>(seen);
    if (!line.isEmpty()) {
      all.add(MOVED + line);
    }
    return all;
  }

  /** How many moving lines were broken: each would have scrolled at every update. */
  int brokenMoving() {
    return brokenMoving;
  }
}
