package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FileBackend;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.migration.FileLog;
import dev.godwit.migration.Journal;
import dev.godwit.migration.Ownership;
import dev.godwit.migration.Seeder;
import dev.godwit.migration.SeederState;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A resource that this node offers. Closing takes it back from the mesh and closes its devices. */
public final class Seeding implements AutoCloseable {
  private final Node node;
  private final Seeder seeder;
  private final Backend store;
  private final Journal journal;
  private final List<Closeable> devices = new ArrayList<>();

  /**
   * Who waits for the release ends its process then; the answer to the leecher must be out by that
   * time, or the leecher goes on asking somebody who is gone.
   */
  private static final Duration LINGER = Duration.ofSeconds(1);

  private final CompletableFuture<Long> released = new CompletableFuture<>();

  private Seeding(Node node, Seeder seeder, Backend store, Journal journal) {
    this.node = node;
    this.seeder = seeder;
    this.store = store;
    this.journal = journal;
    seeder.onChange(
        state -> {
          if (state instanceof SeederState.Released gone) {
            var _ =
                CompletableFuture.runAsync(
                    () -> released.complete(gone.generation()),
                    CompletableFuture.delayedExecutor(LINGER.toMillis(), TimeUnit.MILLISECONDS));
          }
        });
  }

  /** Where the journal of a state file is. */
  static Path journalOf(Path file) {
    return file.resolveSibling(file.getFileName() + ".godwit");
  }

  static Seeding start(Node node, SeedOptions options) throws IOException {
    String resource = ResourceName.checked(options.resource());
    Path file = options.from().toAbsolutePath();
    if (!Files.exists(file)) {
      throw new NodeException(NodeException.Kind.FAILED, "There is no file " + file + " to seed.");
    }
    if (Files.isDirectory(file)) {
      throw new NodeException(
          NodeException.Kind.FAILED, file + " is a folder; seed a file or a block device.");
    }
    Journal journal = new Journal(FileLog.open(journalOf(file)));
    Backend store = null;
    Seeder seeder = null;
    try {
      checkOwned(journal.ownership(), file);
      store = FileBackend.open(file, NativeSparseFile.opener());
      seeder =
          new Seeder(
              resource,
              ChunkGeometry.of(store.size()),
              store,
              journal,
              options.hook(),
              options.leecherTimeout());
      Seeding seeding = new Seeding(node, seeder, store, journal);
      seeding.open(options.devices());
      node.offer(seeder);
      return seeding;
    } catch (IOException e) {
      if (seeder != null) {
        seeder.close();
      }
      if (store != null) {
        store.close();
      }
      journal.close();
      throw e;
    }
  }

  private static void checkOwned(Ownership ownership, Path file) throws NodeException {
    String journal = journalOf(file).getFileName().toString();
    switch (ownership) {
      case Ownership.Unknown _, Ownership.Owned _, Ownership.HandedOver _ -> {}
      case Ownership.Released released ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file
                  + " has moved to another node (generation "
                  + released.generation()
                  + "); this copy is old. To use it all the same as a new state, delete "
                  + journal
                  + ".");
      case Ownership.Running _ ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file + " is not complete yet; finish it with the same 'godwit leech' as before.");
      case Ownership.Pulling _, Ownership.Finalizing _, Ownership.Declined _ ->
          throw new NodeException(
              NodeException.Kind.FAILED,
              file
                  + " is a copy that was never finished; finish it with 'godwit leech', or"
                  + " delete it and "
                  + journal
                  + ".");
    }
  }

  private void open(List<Device> wanted) throws IOException {
    try {
      for (Device device : wanted) {
        devices.add(device.open(seeder.resource(), seeder.device()));
      }
    } catch (IOException e) {
      closeDevices();
      throw e;
    }
  }

  private void closeDevices() throws IOException {
    for (Closeable device : devices) {
      device.close();
    }
  }

  /** What local programs write to; for programs in this process. */
  public Backend device() {
    return seeder.device();
  }

  /** What it is doing. */
  public SeederState state() {
    return seeder.state();
  }

  /** Bytes in the resource. */
  public long size() {
    return store.size();
  }

  /** Calls {@code listener} at every change of state. */
  public void onChange(Consumer<SeederState> listener) {
    seeder.onChange(listener);
  }

  /** Completes with the new generation when another node has taken everything over. */
  public CompletableFuture<Long> released() {
    return released.copy();
  }

  @Override
  public void close() throws IOException {
    node.withdraw(seeder);
    try {
      closeDevices();
    } finally {
      seeder.close();
      try (journal;
          store) {
        store.flush();
      }
    }
  }
}
