package dev.godwit.node;

import dev.godwit.identity.PrivateFile;
import dev.godwit.log.DurableNames;
import dev.godwit.migration.MigrationId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Which file each unfinished move to this node goes into, so that any of its processes can tell
 * what has become of one. Thread-safe; several processes may use it at once.
 */
final class RememberedMoves {
  private final Path folder;

  /** Kept in {@code folder}, which is made when there is something to keep. */
  RememberedMoves(Path folder) {
    this.folder = folder;
  }

  private Path entry(MigrationId migration) {
    return folder.resolve(HexFormat.of().formatHex(migration.bytes().toByteArray()));
  }

  /**
   * A move.
   *
   * @param file where it goes
   * @param from what the node is called that it comes from
   */
  record Move(Path file, String from) {}

  /**
   * A move begins, or goes on.
   *
   * @throws IOException when it could not be made durable
   */
  void begin(MigrationId migration, Move move) throws IOException {
    PrivateFile.createDirectory(folder);
    Path entry = entry(migration);
    Path fresh = entry.resolveSibling(entry.getFileName() + ".new");
    Files.writeString(fresh, move.from() + "\n" + move.file());
    try (FileChannel written = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      written.force(true);
    }
    Files.move(fresh, entry, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    DurableNames.force(entry);
  }

  /** A move is over, and nobody will ask for it. */
  void end(MigrationId migration) throws IOException {
    Files.deleteIfExists(entry(migration));
  }

  /** What is known of a move; empty when that is nothing. */
  Optional<Move> find(MigrationId migration) throws IOException {
    try {
      String text = Files.readString(entry(migration), StandardCharsets.UTF_8);
      int line = text.indexOf('\n');
      return line < 0
          ? Optional.empty()
          : Optional.of(new Move(Path.of(text.substring(line + 1)), text.substring(0, line)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
