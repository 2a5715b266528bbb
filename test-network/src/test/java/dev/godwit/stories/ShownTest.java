package dev.godwit.stories;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ShownTest {
  private static final Shown LIST = new Shown("alice/film  …/film.mp4  4.0 MiB of 438 MiB here\n");

  private static String list(String here, String total) {
    return "alice/film /home/bob/film.mp4 " + here + " of " + total + " here";
  }

  @Test
  void aSizeThatIsNearFits() {
    assertTrue(LIST.fits(list("4.0 MiB", "438 MiB")));
    assertTrue(LIST.fits(list("700 KiB", "438 MiB")));
    assertTrue(LIST.fits(list("7.9 MiB", "438 MiB")));
  }

  @Test
  void aSizeThatIsFarAwayDoesNot() {
    assertFalse(LIST.fits(list("8.1 MiB", "438 MiB")));
    assertFalse(LIST.fits(list("400 KiB", "438 MiB")));
    assertFalse(LIST.fits(list("4.0 MiB", "4.0 GiB")));
  }

  @Test
  void anotherTextDoesNot() {
    assertFalse(LIST.fits("bob" + list("4.0 MiB", "438 MiB")));
    assertFalse(LIST.fits(list("4.0 MiB", "438 MiB") + ", and more"));
    assertFalse(LIST.fits(""));
  }
}
