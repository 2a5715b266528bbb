package dev.godwit.cli;

import java.io.IOException;
import java.io.Writer;
import java.util.stream.Collectors;

/**
 * Breaks lines between words where they do not fit. What is behind the last line feed is written
 * when it is flushed. For one thread.
 */
final class NarrowWriter extends Writer {
  private final Writer to;
  private final int columns;
  private final StringBuilder line = new StringBuilder();

  /** Writes lines of at most {@code columns} on, unless one word is longer. */
  NarrowWriter(Writer to, int columns) {
    this.to = to;
    this.columns = columns;
  }

  @Override
  public void write(char[] text, int from, int length) throws IOException {
    for (int i = from; i < from + length; i++) {
      if (text[i] == '\n') {
        writeLine();
        to.write('\n');
      } else {
        line.append(text[i]);
      }
    }
  }

  private void writeLine() throws IOException {
    to.write(
        DisplayText.wrap(line.toString(), columns).stream()
            .map(this::fitted)
            .collect(Collectors.joining("\n")));
    line.setLength(0);
  }

  /** Without as much of its margin as it takes. */
  private String fitted(String part) {
    int excess = DisplayText.columns(part) - columns;
    return excess <= 0 ? part : part.substring(Math.min(excess, DisplayText.indent(part)));
  }

  @Override
  public void flush() throws IOException {
    if (!line.isEmpty()) {
      writeLine();
    }
    to.flush();
  }

  @Override
  public void close() throws IOException {
    flush();
    to.close();
  }
}
