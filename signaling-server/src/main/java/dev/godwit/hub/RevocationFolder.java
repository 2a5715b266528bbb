package dev.godwit.hub;

import com.google.protobuf.ByteString;
import dev.godwit.identity.PrivateFile;
import dev.godwit.log.WholeFile;
import dev.godwit.membership.MembershipException;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.Revocations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lists of revocations of a hub, one file for each mesh. What cannot be written is only in
 * memory; the nodes bring it again after a restart. Thread-safe.
 */
final class RevocationFolder implements RevocationStore {
  private static final Logger LOG = LoggerFactory.getLogger(RevocationFolder.class);
  private static final String SUFFIX = ".der";

  private final Path folder;
  private final RevocationBoard board;
  private final Executor writer;
  private final Set<MeshId> dirty = ConcurrentHashMap.newKeySet();

  private RevocationFolder(Path folder, RevocationBoard board, Executor writer) {
    this.folder = folder;
    this.board = board;
    this.writer = writer;
  }

  /**
   * Puts what a folder has on the board, and from then on what the board has into the folder, which
   * is made when there is something to keep.
   *
   * @param writer runs one task at a time, in order
   * @throws IOException when the folder is there and cannot be read
   */
  static void connect(Path folder, RevocationBoard board, Executor writer) throws IOException {
    RevocationFolder connected = new RevocationFolder(folder, board, writer);
    connected.load();
    board.keepIn(connected);
  }

  private void load() throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.filter(file -> file.toString().endsWith(SUFFIX)).sorted(byAge()).toList();
    }
    Map<MeshId, Path> loaded = new HashMap<>();
    for (Path file : files) {
      try {
        if (Files.size(file) <= Revocations.MAX_BYTES) {
          Revocations list = Revocations.parse(Files.readAllBytes(file));
          var _ = board.post(list);
          loaded.put(list.mesh(), file);
        }
      } catch (MembershipException e) {
        LOG.warn("{} is damaged, and nodes have to bring it again: {}", file, e.getMessage());
      }
    }
    for (Map.Entry<MeshId, Path> one : loaded.entrySet()) {
      if (board.peek(one.getKey()).isEmpty()) {
        // The hub keeps less than it did.
        Files.deleteIfExists(one.getValue());
      }
    }
  }

  private static Comparator<Path> byAge() {
    return Comparator.comparingLong(file -> file.toFile().lastModified());
  }

  @Override
  public void changed(MeshId mesh) {
    // However often a list changes before it is written, it is written once, as it is then.
    if (dirty.add(mesh)) {
      writer.execute(
          () -> {
            boolean _ = dirty.remove(mesh);
            write(mesh);
          });
    }
  }

  private void write(MeshId mesh) {
    Path file = folder.resolve(mesh + SUFFIX);
    try {
      Optional<ByteString> list = board.peek(mesh);
      if (list.isPresent()) {
        var _ = PrivateFile.closedDirectory(folder);
        WholeFile.replace(file, list.get().asReadOnlyByteBuffer());
      } else {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be written, and is only in memory: {}", file, e.toString());
    }
  }
}
