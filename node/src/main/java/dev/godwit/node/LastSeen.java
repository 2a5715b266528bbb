package dev.godwit.node;

import dev.godwit.log.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the file of a state was when this node looked at it last, by which it shows later whether
 * somebody else has written to it since. It is kept beside the state.
 *
 * @param mark how the file was
 * @param boot the run of the machine in which this node was working with the file then; empty when
 *     it had ended that in order
 */
record LastSeen(FileMark mark, Optional<String> boot) {
  private static final Logger LOG = LoggerFactory.getLogger(LastSeen.class);

  /** How long after it was seen last a process that is killed may have gone on writing itself. */
  static final Duration OWN_WRITES = Duration.ofSeconds(2);

  /** The same when the machine itself has died, which may have lost what was noted last. */
  static final Duration OWN_WRITES_BEFORE_POWER_LOSS = Duration.ofSeconds(60);

  /** A file that is left in order. */
  static LastSeen inOrder(FileMark mark) {
    return new LastSeen(mark, Optional.empty());
  }

  /** A file that is being worked with. */
  static LastSeen inUse(FileMark mark) {
    return new LastSeen(mark, Optional.of(BootId.present()));
  }

  /** What was kept; empty when there is nothing, or it cannot be understood. */
  static Optional<LastSeen> read(Path at) throws IOException {
    if (Files.notExists(at)) {
      return Optional.empty();
    }
    String[] words = Files.readString(at, StandardCharsets.US_ASCII).strip().split(" ", -1);
    try {
      return Optional.of(
          new LastSeen(
              new FileMark(Long.parseLong(words[0]), Long.parseLong(words[1])),
              words.length > 2 ? Optional.of(words[2]) : Optional.empty()));
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      LOG.warn("{} cannot be understood and is not used: {}", at, e.toString());
      return Optional.empty();
    }
  }

  /**
   * Whether somebody else has written to a file since what is kept of it; not when that is nothing.
   */
  static boolean isOutdated(Path at, Path file) throws IOException {
    Optional<LastSeen> kept = read(at);
    return kept.isPresent() && !kept.get().fits(FileMark.of(file), BootId.present());
  }

  /**
   * Whether nobody else has written to the file, as far as it shows.
   *
   * @param now how the file is
   * @param presentBoot as {@link BootId#present} says
   */
  boolean fits(FileMark now, String presentBoot) {
    if (boot.isEmpty()) {
      return mark.equals(now);
    }
    Duration own = boot.get().equals(presentBoot) ? OWN_WRITES : OWN_WRITES_BEFORE_POWER_LOSS;
    long later = now.modified() - mark.modified();
    return now.bytes() == mark.bytes() && later >= 0 && later <= own.toNanos();
  }

  private ByteBuffer text() {
    String words = mark.bytes() + " " + mark.modified() + boot.map(run -> " " + run).orElse("");
    return ByteBuffer.wrap((words + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  /** Keeps it, durable, in the place of what was there. */
  void write(Path at) throws IOException {
    WholeFile.replace(at, text());
  }

  /**
   * Keeps it in the place of what was there, where it survives the end of this process.
   *
   * @param reach whether it survives the end of the machine, too
   */
  void overwrite(Path at, Reach reach) throws IOException {
    try (FileChannel out = FileChannel.open(at, StandardOpenOption.WRITE)) {
      ByteBuffer text = text();
      long length = text.remaining();
      while (text.hasRemaining()) {
        int _ = out.write(text, length - text.remaining());
      }
      var _ = out.truncate(length);
      if (reach == Reach.POWER_LOSS) {
        out.force(true);
      }
    }
  }

  /** What something that is written survives. */
  enum Reach {
    PROCESS,
    POWER_LOSS
  }
}
