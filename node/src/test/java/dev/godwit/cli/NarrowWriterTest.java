package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class NarrowWriterTest {
  private static String narrowed(String text, int columns) {
    StringWriter to = new StringWriter();
    try (PrintWriter narrow = new PrintWriter(new NarrowWriter(to, columns))) {
      narrow.print(text);
    }
    return to.toString();
  }

  @Test
  void linesThatFitStayAsTheyAre() {
    assertEquals("one two\n\n  three\n", narrowed("one two\n\n  three\n", 10));
  }

  @Test
  void longLinesAreBrokenBetweenWords() {
    assertEquals("  one two\n  three\n", narrowed("  one two three\n", 10));
  }

  @Test
  void aMarginGivesWayToAWord() {
    assertEquals("  nbd:unix:PATH\n", narrowed("          nbd:unix:PATH\n", 15));
  }

  @Test
  void whatIsBehindTheLastLineFeedIsWrittenAtTheEnd() {
    assertEquals("one", narrowed("one", 10));
  }
}
