package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class PastedWordTest {
  private static String readByAShell(String word) throws Exception {
    Process shell =
        new ProcessBuilder(List.of("bash", "-c", "printf %s " + PastedWord.of(word))).start();
    String text = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, shell.waitFor());
    return text;
  }

  @Test
  void aPlainWordIsLeftAlone() {
    assertEquals("/home/grün/vm1", PastedWord.of("/home/grün/vm1"));
    assertEquals("\"/tmp/a b\"", PastedWord.of("/tmp/a b"));
  }

  @Test
  void aWordThatCannotBePrintedCanBePasted() throws Exception {
    assertEquals("$'/tmp/a\\x1b[31m\\'b'", PastedWord.of("/tmp/a\033[31m'b"));
    for (String word : List.of("a\nb", "a\tb'c", "\033[31m\\x", "ü\u009bü", "\r$HOME`id`")) {
      assertEquals(word, readByAShell(word));
    }
  }
}
