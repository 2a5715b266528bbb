package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParameterException;

class EmptyArgumentsTest {
  /** {@code _} stands for nothing. */
  private static void refuse(String line) {
    String[] words = line.split(" ", -1);
    EmptyArguments.refuse(
        Godwit.commandLine()
            .parseArgs(Stream.of(words).map(word -> word.replace("_", "")).toArray(String[]::new)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ls _",
        "umount _",
        "ping _",
        "mount a/b _",
        "seed x --from=",
        "seed x --from y --on-suspend _",
        "seed x --from y --device z --device _",
        "leech a/b --to _",
        "mesh join _",
        "mesh create _ --hub x",
        "--home _ ls",
        "ls --home=",
      })
  void anArgumentWithoutCharactersIsRefused(String line) {
    assertThrows(ParameterException.class, () -> refuse(line), line);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ls", "ls alice --json", "mount --list", "mesh join", "seed x --from y"})
  void whatIsLeftAwayIsNotEmpty(String line) {
    assertDoesNotThrow(() -> refuse(line), () -> Arrays.toString(line.split(" ", -1)));
  }

  @Test
  void itIsNamedInTheWordsOfTheHelp() {
    ParameterException refused =
        assertThrows(ParameterException.class, () -> refuse("seed x --from="));
    assertEquals(
        "--from has an empty FILE. Is a variable of the shell not set?", refused.getMessage());
  }
}
