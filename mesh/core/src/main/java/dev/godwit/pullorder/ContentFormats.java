package dev.godwit.pullorder;

import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Formats in the order in which they are tried. Thread-safe if the formats are.
 *
 * @param formats the first that recognises a content wins
 */
public record ContentFormats(List<ContentFormat> formats) {
  private static final Logger LOG = LoggerFactory.getLogger(ContentFormats.class);

  /** Keeps a copy of the list. */
  public ContentFormats {
    formats = List.copyOf(formats);
  }

  /**
   * The formats that come with Godwit: ext2/3/4, SQLite, qcow2, ELF, MP4, disks with an MBR or GPT
   * (and ext in their partitions), zip.
   */
  public static ContentFormats standard() {
    // Zip comes last since it looks at the end, too: a program with an archive behind is a program.
    return new ContentFormats(
        List.of(
            new ExtFormat(),
            new SqliteFormat(),
            new Qcow2Format(),
            new ElfFormat(),
            new IsoMediaFormat(),
            new PartitionFormat(new ContentFormats(List.of(new ExtFormat()))),
            new ZipFormat()));
  }

  /**
   * Finds the format of a content.
   *
   * @return {@code null} when none of them fits
   * @throws IOException when the source cannot be read
   */
  public @Nullable ContentFormat recognise(Probe probe) throws IOException {
    for (ContentFormat format : formats) {
      try {
        if (format.recognises(probe)) {
          return format;
        }
      } catch (MalformedContentException e) {
        LOG.debug("not {}: {}", format.name(), e.getMessage());
      }
    }
    return null;
  }

  /**
   * The ranges that matter first, by the format that fits. Content that makes no sense yields what
   * was found until then; one that fits nothing yields the few bytes that were looked at.
   *
   * @throws IOException when the source cannot be read
   */
  public List<ByteRange> important(Probe probe) throws IOException {
    findImportant(probe);
    return probe.found();
  }

  /** Recognises and names, and says whether there was a format that fits. */
  boolean findImportant(Probe probe) throws IOException {
    ContentFormat format = recognise(probe);
    if (format == null) {
      return false;
    }
    try {
      format.findImportant(probe);
    } catch (MalformedContentException e) {
      LOG.debug("{} content is followed no further: {}", format.name(), e.getMessage());
    }
    return true;
  }
}
