package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What people see at the widths that terminals have. To write the files anew after a change, and
 * look at them: {@code -Dgodwit.screens=write}.
 */
class ScreensTest {
  private static final Path PICTURE = Path.of("../docs/demo.svg");
  private static final int PICTURE_WIDTH = 80;

  record Shown(Scene scene, int width) {
    Path file() {
      return Path.of(
          "src/test/resources/screens",
          scene.name().toLowerCase(Locale.ROOT) + "-" + width + ".txt");
    }
  }

  static Stream<Shown> all() {
    return Stream.of(Scene.values())
        .flatMap(scene -> Stream.of(40, 60, 80, 100, 200).map(width -> new Shown(scene, width)));
  }

  private static boolean writes() {
    return "write".equals(System.getProperty("godwit.screens"));
  }

  @ParameterizedTest
  @MethodSource("all")
  void aScreenIsAsItsFileSays(Shown shown) throws IOException {
    Screen screen = new Screen(shown.width()).write(shown.scene().on(shown.width()));
    String text = String.join("\n", screen.seen()) + "\n";
    if (writes()) {
      Files.writeString(shown.file(), text);
    }
    assertEquals(Files.readString(shown.file()), text);
  }

  @ParameterizedTest
  @MethodSource("all")
  void aMovingLineIsNeverBroken(Shown shown) {
    assertEquals(
        0, new Screen(shown.width()).write(shown.scene().on(shown.width())).brokenMoving());
  }

  @ParameterizedTest
  @EnumSource(Scene.class)
  void aTerminalWithoutColoursGetsNone(Scene scene) {
    Set<Terminal.Ability> abilities = EnumSet.of(Terminal.Ability.MOVING, Terminal.Ability.SYMBOLS);
    String text = scene.on(new Terminal(abilities, () -> 80));
    assertFalse(text.replace("\r\033[K", "").contains("\033"), text);
  }

  @ParameterizedTest
  @EnumSource(Scene.class)
  void aLogGetsNoEscapeSequencesAndAsciiOnlyWhereThatIsAll(Scene scene) {
    String text = scene.on(new Terminal(EnumSet.noneOf(Terminal.Ability.class), () -> 0));
    assertFalse(text.contains("\033") || text.contains("\r"), text);
    assertTrue(StandardCharsets.US_ASCII.newEncoder().canEncode(text), text);
  }

  @Test
  void theWidthIsAskedForAtEveryUpdate() {
    int[] width = {100};
    Terminal terminal = new Terminal(EnumSet.allOf(Terminal.Ability.class), () -> width[0]);
    ProgressLine line = new ProgressLine("alice/vm1", 0.5, List.of("81.0 MiB/s", "0:12 left"));
    int wide = DisplayText.columns(line.on(terminal));
    width[0] = 40;
    assertTrue(DisplayText.columns(line.on(terminal)) < 40);
    assertTrue(wide > 40);
  }

  @Test
  void thePictureOfTheReadmeIsTheDemoAtTheWidthOfMostTerminals() throws IOException {
    String svg = TerminalPicture.of("./godwit demo", Scene.DEMO.on(PICTURE_WIDTH), PICTURE_WIDTH);
    if (writes()) {
      Files.writeString(PICTURE, svg);
    }
    assertEquals(Files.readString(PICTURE), svg);
  }
}
