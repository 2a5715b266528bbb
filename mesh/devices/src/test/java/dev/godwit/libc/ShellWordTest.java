package dev.godwit.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ShellWordTest {
  @Test
  void aPlainPathStaysAsItIs() {
    assertEquals("/tmp/a-b_c.img", ShellWord.of(Path.of("/tmp/a-b_c.img")));
    assertEquals("nbd:localhost:10809", ShellWord.of("nbd:localhost:10809"));
    assertEquals("/tmp/größe", ShellWord.of("/tmp/größe"));
  }

  @Test
  void aBlankNeedsQuotesThatGoIntoSingleOnes() {
    assertEquals("\"/tmp/a b.img\"", ShellWord.of("/tmp/a b.img"));
    assertEquals("\"it's\"", ShellWord.of("it's"));
  }

  @Test
  void aShellReadsBackWhatItWas() throws Exception {
    for (String word :
        List.of(
            "", "a b", "it's", "\"", "$HOME", "`id`", "a\\b", "a\nb", "*", "~", "a'b\"c", "!x")) {
      Process shell =
          new ProcessBuilder("sh", "-c", "printf %s " + ShellWord.of(word))
              .redirectErrorStream(true)
              .start();
      String read = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(word, read);
      assertEquals(0, shell.waitFor());
    }
  }
}
