package dev.godwit.pullorder;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Archives that the JDK made. */
@Timeout(60)
final class ZipFormatTest {
  /** Bytes in an end record. */
  private static final int END = 22;

  /** Entries of bytes that no compression makes smaller. */
  private static byte[] archive(String comment, int entries, int length) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Random random = new Random(7);
    byte[] content = new byte[length];
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setComment(comment);
      for (int i = 0; i < entries; i++) {
        zip.putNextEntry(new ZipEntry("entry-" + i));
        random.nextBytes(content);
        zip.write(content);
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  /** Where the first header of the central directory is. */
  private static int directory(byte[] archive) {
    ByteBuffer bytes = ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at < archive.length - 4; at++) {
      if (bytes.getInt(at) == 0x02014b50) {
        return at;
      }
    }
    throw new AssertionError("no central directory");
  }

  private static byte[] behind(int length, byte[] archive) {
    return ByteBuffer.allocate(length + archive.length).put(length, archive).array();
  }

  private static void assertFindsDirectory(byte[] archive) throws IOException {
    int directory = directory(archive);
    Content content = Content.of("zip", archive);
    content.assertHas("the central directory", directory, archive.length - directory);
    // Behind what stands in front, and before what is searched for the end.
    int searched = Math.min(directory, archive.length - 65536 - END) - 4096;
    content.assertLacks("entries", 80_000, searched - 80_000);
  }

  @Test
  void theCentralDirectoryIsFound() throws IOException {
    assertFindsDirectory(archive("", 100, 2000));
  }

  @Test
  void aCommentBehindTheEndIsSteppedOver() throws IOException {
    assertFindsDirectory(archive("PK\5\6 in a comment".repeat(500), 100, 4000));
  }

  @Test
  void anArchiveBehindSomethingElseIsFound() throws IOException {
    assertFindsDirectory(behind(77_777, archive("", 100, 2000)));
  }

  @Test
  void anArchiveWithMoreEntriesThanTheEndRecordCountsIsFound() throws IOException {
    byte[] archive = archive("", 70_000, 1);
    assertTrue(new String(archive, StandardCharsets.ISO_8859_1).contains("PK\6\6"));
    assertFindsDirectory(archive);
  }

  @Test
  void aLargeArchiveBehindSomethingElseIsFound() throws IOException {
    assertFindsDirectory(behind(77_777, archive("", 70_000, 1)));
  }

  @Test
  void anEmptyArchiveHasNoDirectory() throws IOException {
    byte[] empty = new byte[END];
    ByteBuffer.wrap(empty).order(ByteOrder.LITTLE_ENDIAN).putInt(0x06054b50);
    Content.of("zip", empty).assertHas("the end", 0, END);
  }

  @Test
  void aDirectoryThatDoesNotFitIsRefused() throws IOException {
    byte[] archive = archive("", 3, 10);
    ByteBuffer.wrap(archive).order(ByteOrder.LITTLE_ENDIAN).putInt(archive.length - 10, -1);
    assertThrows(MalformedContentException.class, () -> Content.of("zip", archive));
  }

  @Test
  void anArchiveWithoutAnEndIsRefused() throws IOException {
    byte[] archive = archive("", 3, 10);
    archive[archive.length - END] = 0;
    assertThrows(MalformedContentException.class, () -> Content.of("zip", archive));
  }

  @Test
  void whatNeitherBeginsNorEndsLikeAnArchiveIsNone() throws IOException {
    assertFalse(new ZipFormat().recognises(Content.probe(new byte[10_000])));
    assertFalse(new ZipFormat().recognises(Content.probe(new byte[10])));
  }
}
