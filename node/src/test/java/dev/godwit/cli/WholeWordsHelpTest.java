package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;

class WholeWordsHelpTest {
  private static final int WIDE = 400;

  private static String help(String verb, int width) {
    CommandLine command = Godwit.commandLine();
    command.setUsageHelpWidth(width);
    return Objects.requireNonNull(command.getSubcommands().get(verb)).getUsageMessage(Ansi.OFF);
  }

  private static Set<String> words(String text) {
    return Arrays.stream(text.split("\\s+", -1)).collect(Collectors.toCollection(TreeSet::new));
  }

  /** Words of descriptions only: an option's own column is narrow. */
  private static Set<String> described(String verb) {
    Set<String> all = new TreeSet<>();
    for (ArgSpec one :
        Objects.requireNonNull(Godwit.commandLine().getSubcommands().get(verb))
            .getCommandSpec()
            .args()) {
      for (String line : one.description()) {
        all.addAll(words(line.replaceAll("\\$\\{.*?}", "")));
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"demo", "hub", "leech", "mount", "ping", "seed", "umount"})
  void aWordOfADescriptionIsNeverBroken(String verb) {
    Set<String> wide = words(help(verb, WIDE));
    wide.retainAll(described(verb));
    for (int width : List.of(55, 60, 72, 80, 100)) {
      Set<String> missing = new TreeSet<>(wide);
      missing.removeAll(words(help(verb, width)));
      assertEquals(Set.of(), missing, () -> "broken at " + width + ": " + help(verb, width));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"demo", "doctor", "hub", "leech", "mount", "ping", "seed", "umount"})
  void aWordOfTheSynopsisIsNeverBroken(String verb) {
    Set<String> whole = words(synopsis(verb, WIDE));
    for (int width : List.of(55, 60, 72, 80, 100)) {
      assertEquals(whole, words(synopsis(verb, width)), () -> synopsis(verb, width));
    }
  }

  private static String synopsis(String verb, int width) {
    String help = help(verb, width);
    return help.substring(0, help.indexOf(description(verb).substring(0, 10)));
  }

  private static String description(String verb) {
    return Objects.requireNonNull(Godwit.commandLine().getSubcommands().get(verb))
        .getCommandSpec()
        .usageMessage()
        .description()[0];
  }

  @Test
  void aLineOfADescriptionIsNoWiderThanTheTerminal() {
    for (String verb : List.of("hub", "mount", "seed")) {
      help(verb, 80).lines().forEach(line -> assertTrue(line.length() <= 80, line));
    }
  }
}
