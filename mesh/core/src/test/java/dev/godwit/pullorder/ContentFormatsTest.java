package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class ContentFormatsTest {

  /** A format that somebody else wrote. */
  private record Given(String name, boolean fits, boolean malformed) implements ContentFormat {
    @Override
    public boolean recognises(Probe probe) throws IOException {
      if (malformed && !fits) {
        throw new MalformedContentException("cannot even be looked at");
      }
      return fits;
    }

    @Override
    public void findImportant(Probe probe) throws IOException {
      probe.important(5, 10);
      if (malformed) {
        throw new MalformedContentException("the rest makes no sense");
      }
      probe.important(50, 10);
    }
  }

  private final Probe nothing = Content.probe(new byte[0]);

  @Test
  void theFirstFormatThatFitsWins() throws IOException {
    Given second = new Given("second", true, false);
    ContentFormats formats =
        new ContentFormats(
            List.of(new Given("first", false, false), second, new Given("third", true, false)));
    assertSame(second, formats.recognise(nothing));
  }

  @Test
  void aFormatThatFailsToLookDoesNotFit() throws IOException {
    Given second = new Given("second", true, false);
    ContentFormats formats = new ContentFormats(List.of(new Given("first", false, true), second));
    assertSame(second, formats.recognise(nothing));
  }

  @Test
  void whatWasFoundBeforeTheNonsenseStays() throws IOException {
    ContentFormats formats = new ContentFormats(List.of(new Given("one", true, true)));
    assertEquals(List.of(new ByteRange(5, 10)), formats.important(Content.probe(new byte[100])));
  }

  @Test
  void unknownContentHasNoFormat() throws IOException {
    Probe probe = Content.probe(new byte[100_000]);
    assertNull(ContentFormats.standard().recognise(probe));
    assertNull(ContentFormats.standard().recognise(nothing));
    // It is looked at in front and at the end.
    assertEquals(2, probe.found().size());
  }
}
