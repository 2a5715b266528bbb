package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.identity.PrivateFile;
import dev.godwit.log.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which files unfinished moves to this node go into, so that any of its processes can tell what has
 * become of one; what exactly, the journal beside the file says. One entry for each file, from
 * before it can be handed over until the seeder has been told that all of it is here. Thread-safe;
 * several processes may use it at once.
 */
final class RememberedMoves {
  private static final Logger LOG = LoggerFactory.getLogger(RememberedMoves.class);
  private static final String SUFFIX = ".move";

  private final Path folder;

  /** Kept in {@code folder}, which is made when there is something to keep. */
  RememberedMoves(Path folder) {
    this.folder = folder;
  }

  /**
   * A move.
   *
   * @param file where it goes, by the name that it had at the beginning
   * @param beside what stands for that file, also when a disk has got another name, as {@link
   *     StateFolder#beside} says
   * @param resource what is moved
   * @param seeder the node that it comes from
   * @param called what people call that node
   */
  record Move(Path file, Path beside, String resource, NodeId seeder, String called) {
    private String encoded() {
      return seeder + "\n" + called + "\n" + resource + "\n" + beside + "\n" + file;
    }

    private static Move parse(String text) {
      String[] lines = text.split("\n", 5);
      if (lines.length != 5) {
        throw new IllegalArgumentException("it has " + lines.length + " lines");
      }
      return new Move(
          Path.of(lines[4]), Path.of(lines[3]), lines[2], NodeId.parse(lines[0]), lines[1]);
    }
  }

  private Path entry(Path beside) {
    try {
      byte[] name = beside.toString().getBytes(StandardCharsets.UTF_8);
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(name);
      return folder.resolve(HexFormat.of().formatHex(hash, 0, 16) + SUFFIX);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every JDK has SHA-256.", e);
    }
  }

  /**
   * A move begins, or goes on.
   *
   * @throws IOException when it could not be made durable
   */
  void begin(Move move) throws IOException {
    var _ = PrivateFile.closedDirectory(folder);
    WholeFile.replace(
        entry(move.beside()), ByteBuffer.wrap(move.encoded().getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * What the file holds comes from no unfinished move any more.
   *
   * @param beside what stands for it
   */
  void end(Path beside) throws IOException {
    Files.deleteIfExists(entry(beside));
  }

  /** All of them. */
  List<Move> all() throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Path> entries;
    try (Stream<Path> files = Files.list(folder)) {
      entries = files.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
    }
    List<Move> moves = new ArrayList<>();
    for (Path entry : entries) {
      try {
        moves.add(Move.parse(Files.readString(entry)));
      } catch (IllegalArgumentException e) {
        LOG.warn("{} makes no sense: {}", entry, e.getMessage());
      }
    }
    return moves;
  }
}
