package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written of names and paths that somebody else has chosen. */
class OutputTest {
  private static final String NASTY = "a\033[31mb\rc\u009bd\u202ee";
  private static final String HARMLESS = "a\\x1b[31mb\\x0dc\\x9bd\\u202ee";

  static Stream<Consumer<Output>> ways() {
    return Stream.of(
        output -> output.line(NASTY),
        output -> output.line(NASTY, 2),
        output -> output.verbatim(NASTY),
        output -> output.error(NASTY),
        output -> output.waiting(NASTY),
        output -> output.progress(new ProgressLine(NASTY, 0.5, List.of()), null),
        output -> output.progress(new ProgressLine("x", null, List.of(NASTY)), null),
        output -> new Table().row("x", NASTY).show(output),
        output -> new Table().row("x", "y").note(NASTY).show(output));
  }

  private static String written(
      Output.Audience audience, Set<Terminal.Ability> abilities, Consumer<Output> way) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    way.accept(
        new Output(
            stream,
            stream,
            audience,
            new Terminal(abilities, () -> 80),
            Output.Errors.HERE,
            () -> Instant.EPOCH,
            (_, task) -> task.run()));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void whatSteersATerminalIsShownAndNotDone(Consumer<Output> way) {
    String text =
        written(Output.Audience.PERSON, EnumSet.allOf(Terminal.Ability.class), way)
            .replace("\r\033[K", "")
            .replaceAll("\033\\[(36|90|0)m", "");
    assertTrue(text.contains(HARMLESS), text);
    assertFalse(text.contains("\033") || text.contains("\r") || text.contains("\u009b"), text);
  }

  @Test
  void aLogGetsItInTheSameWay() {
    String text =
        written(
            Output.Audience.PERSON,
            EnumSet.of(Terminal.Ability.SYMBOLS),
            output -> output.error(NASTY));
    assertEquals(HARMLESS + System.lineSeparator(), text);
  }

  @Test
  void programsGetItAsItIs() {
    String text =
        written(
            Output.Audience.PROGRAM,
            EnumSet.noneOf(Terminal.Ability.class),
            output -> output.event(Json.event("mount").put("at", NASTY)));
    assertTrue(text.contains("\"a\\u001B[31mb\\rc\u009bd\u202ee\""), text);
  }

  @Test
  void stylesOfOursAreDone() {
    Terminal terminal = new Terminal(EnumSet.allOf(Terminal.Ability.class), () -> 80);
    assertEquals(
        "\033[1mvm1\033[0m" + System.lineSeparator(),
        written(
            Output.Audience.PERSON,
            EnumSet.allOf(Terminal.Ability.class),
            output -> output.line(terminal.strong("vm1"))));
  }

  @Test
  void aLineThatSomebodyHidInANameDoesNotLookLikeOneOfOurs() {
    String text =
        written(
            Output.Audience.PERSON,
            EnumSet.noneOf(Terminal.Ability.class),
            output -> output.error("godwit: There is no file x\ngodwit: All is well."));
    assertTrue(text.contains("\n  godwit: All is well."), text);
  }
}
