package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files that are put together box by box, as ISO/IEC 14496-12 has them. */
@Timeout(60)
final class IsoMediaFormatTest {
  private static final int MEDIA = 6 << 20;

  private final ByteArrayOutputStream file = new ByteArrayOutputStream();

  private static byte[] header(long size, String type) {
    return ByteBuffer.allocate(8)
        .putInt((int) size)
        .put(type.getBytes(StandardCharsets.ISO_8859_1))
        .array();
  }

  /** Adds a box with a size of 32 bits; gives its offset. */
  private long box(String type, int length) {
    long at = file.size();
    file.writeBytes(header(length + 8L, type));
    file.writeBytes(new byte[length]);
    return at;
  }

  /** Adds a box with a size of 64 bits. */
  private long longBox(String type, int length) {
    long at = file.size();
    file.writeBytes(header(1, type));
    file.writeBytes(ByteBuffer.allocate(8).putLong(length + 16L).array());
    file.writeBytes(new byte[length]);
    return at;
  }

  /** Adds a box that goes on to the end of the file. */
  private long openBox(String type, int length) {
    long at = file.size();
    file.writeBytes(header(0, type));
    file.writeBytes(new byte[length]);
    return at;
  }

  private Content content() throws IOException {
    return Content.of("mp4", file.toByteArray());
  }

  @Test
  void aDescriptionInFrontIsFoundAndTheBeginningOfTheMedia() throws IOException {
    long ftyp = box("ftyp", 24);
    long moov = box("moov", 50_000);
    long mdat = box("mdat", MEDIA);
    Content content = content();
    content.assertHas("ftyp", ftyp, 32);
    content.assertHas("moov", moov, 50_008);
    content.assertHas("mdat", mdat, IsoMediaFormat.MEDIA_BYTES);
    content.assertLacks("mdat", mdat + IsoMediaFormat.MEDIA_BYTES, 1 << 20);
  }

  @Test
  void aDescriptionAtTheEndComesBeforeTheMedia() throws IOException {
    box("ftyp", 24);
    box("free", 5000);
    long mdat = box("mdat", MEDIA);
    long moov = box("moov", 50_000);
    Content content = content();
    content.assertHas("moov", moov, 50_008);
    content.assertHas("mdat", mdat, IsoMediaFormat.MEDIA_BYTES);
    assertTrue(moov > content.ranges().getLast().end());
    assertEquals(mdat, content.ranges().getLast().offset());
  }

  @Test
  void mediaWithALongSizeIsSteppedOver() throws IOException {
    box("ftyp", 24);
    long mdat = longBox("mdat", MEDIA);
    long moov = longBox("moov", 50_000);
    Content content = content();
    content.assertHas("moov", moov, 50_016);
    content.assertHas("mdat", mdat, IsoMediaFormat.MEDIA_BYTES);
  }

  @Test
  void mediaUpToTheEndOfTheFileIsFound() throws IOException {
    box("ftyp", 24);
    long moov = box("moov", 50_000);
    long mdat = openBox("mdat", 10_000);
    Content content = content();
    content.assertHas("moov", moov, 50_008);
    content.assertHas("mdat", mdat, 10_008);
  }

  @Test
  void aDescriptionUpToTheEndOfTheFileIsFound() throws IOException {
    box("ftyp", 24);
    box("mdat", MEDIA);
    long moov = openBox("moov", 50_000);
    content().assertHas("moov", moov, 50_008);
  }

  @Test
  void theIndexOfAFragmentedFileIsFound() throws IOException {
    box("ftyp", 24);
    box("moov", 500);
    long sidx = box("sidx", 20_000);
    long moof = box("moof", 9_000);
    long mdat = box("mdat", MEDIA);
    box("moof", 9_000);
    long later = box("mdat", MEDIA);
    Content content = content();
    content.assertHas("sidx", sidx, 20_008);
    content.assertHas("moof", moof, 9_008);
    content.assertHas("mdat", mdat, IsoMediaFormat.MEDIA_BYTES);
    content.assertLacks("the second mdat", later, MEDIA);
  }

  @Test
  void oldMoviesWithoutAFileTypeAreRecognised() throws IOException {
    box("wide", 0);
    long mdat = box("mdat", 10_000);
    long moov = box("moov", 10_000);
    Content content = content();
    content.assertHas("mdat", mdat, 10_008);
    content.assertHas("moov", moov, 10_008);
  }

  @Test
  void aFileThatIsCutOffYieldsWhatIsThere() throws IOException {
    box("ftyp", 24);
    long mdat = file.size();
    file.writeBytes(header(100_000_000, "mdat"));
    file.writeBytes(new byte[20_000]);
    content().assertHas("mdat", mdat, 20_008);
  }

  @Test
  void aBoxShorterThanItsHeaderEndsTheSearchButNotTheFindings() throws IOException {
    box("ftyp", 24);
    long mdat = box("mdat", 10_000);
    file.writeBytes(header(7, "moov"));
    file.writeBytes(new byte[10_000]);
    Probe probe = Content.probe(file.toByteArray());
    List<ByteRange> found = ContentFormats.standard().important(probe);
    assertTrue(Content.bytes(found).nextClearBit((int) mdat) >= mdat + 10_008, found::toString);
  }

  @Test
  void aLongSizeThatIsNegativeIsRefused() {
    box("ftyp", 24);
    file.writeBytes(header(1, "mdat"));
    file.writeBytes(ByteBuffer.allocate(5000).putLong(-5).array());
    assertThrows(MalformedContentException.class, this::content);
  }

  @Test
  void boxesWithoutEndAreCounted() throws IOException {
    box("ftyp", 24);
    for (int i = 0; i < 100_000; i++) {
      box("free", 0);
    }
    long moov = box("moov", 10_000);
    content().assertLacks("moov", moov + 5000, 100);
  }

  @Test
  void textIsNoMovie() throws IOException {
    byte[] text = "The free encyclopedia that anyone can edit".getBytes(StandardCharsets.US_ASCII);
    assertFalse(new IsoMediaFormat().recognises(Content.probe(text)));
  }
}
