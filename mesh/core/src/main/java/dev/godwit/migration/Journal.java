package dev.godwit.migration;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.NodeId;
import dev.godwit.log.StableLog;
import dev.godwit.migration.proto.BecameLocal;
import dev.godwit.migration.proto.Declined;
import dev.godwit.migration.proto.Finalizing;
import dev.godwit.migration.proto.HandedOver;
import dev.godwit.migration.proto.JournalEntry;
import dev.godwit.migration.proto.Owned;
import dev.godwit.migration.proto.Pulling;
import dev.godwit.migration.proto.Released;
import dev.godwit.migration.proto.Running;
import dev.godwit.migration.proto.Taken;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * What a node keeps beside a resource: every change of {@link Ownership}, durable before anyone
 * acts on it. Thread-safe.
 */
public final class Journal implements Closeable {
  private final StableLog log;
  private volatile Ownership ownership;

  /**
   * Reads the journal that {@code log} holds.
   *
   * @throws IOException when it does not make sense: it is of a newer version, or not ours
   */
  public Journal(StableLog log) throws IOException {
    this.log = log;
    Ownership state = new Ownership.Unknown();
    for (byte[] entry : log.entries()) {
      state = apply(state, entry);
    }
    this.ownership = state;
  }

  /** What all entries add up to. */
  public Ownership ownership() {
    return ownership;
  }

  private static Ownership apply(Ownership before, byte[] bytes) throws IOException {
    JournalEntry entry;
    try {
      entry = JournalEntry.parseFrom(bytes);
      return switch (entry.getEntryCase()) {
        case OWNED -> new Ownership.Owned(entry.getOwned().getGeneration());
        case RELEASED -> new Ownership.Released(entry.getReleased().getGeneration());
        case DECLINED -> declined(before, entry.getDeclined());
        case HANDED_OVER -> handedOver(entry.getHandedOver());
        case PULLING -> pulling(entry.getPulling());
        case FINALIZING -> finalizing(before, entry.getFinalizing());
        case RUNNING -> running(before, entry.getRunning());
        case TAKEN -> taken(before, entry.getTaken());
        case BECAME_LOCAL -> becameLocal(before, entry.getBecameLocal());
        case ENTRY_NOT_SET -> throw new IOException("the journal has an entry of a newer version");
      };
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new IOException("the journal is damaged: " + e.getMessage(), e);
    }
  }

  private static Ownership handedOver(HandedOver entry) {
    return new Ownership.HandedOver(
        entry.getGeneration(),
        new MigrationId(entry.getMigration()),
        new MigrationId(entry.getToken()),
        NodeId.of(entry.getLeecher().toByteArray()),
        runs(entry.getDirty(), Integer.MAX_VALUE));
  }

  private static Ownership.Pulling pulling(Pulling entry) {
    return new Ownership.Pulling(
        new MigrationId(entry.getMigration()),
        NodeId.of(entry.getSeeder().toByteArray()),
        entry.getResource(),
        new ChunkGeometry(entry.getSize(), entry.getBlockSize(), entry.getChunkSize()));
  }

  private static Ownership finalizing(Ownership before, Finalizing entry) throws IOException {
    if (!(before instanceof Ownership.Pulling pulling)) {
      throw new IOException("the journal finalizes what is " + before.word());
    }
    return new Ownership.Finalizing(
        pulling,
        new MigrationId(entry.getToken()),
        runs(entry.getMissing(), pulling.geometry().blocks()));
  }

  private static Ownership running(Ownership before, Running entry) throws IOException {
    Ownership.Finalizing origin =
        switch (before) {
          case Ownership.Finalizing finalizing -> finalizing;
          case Ownership.Running running -> running.origin();
          default -> throw new IOException("the journal runs what is " + before.word());
        };
    return new Ownership.Running(
        entry.getGeneration(),
        origin,
        runs(entry.getMissing(), origin.pulling().geometry().blocks()));
  }

  private static Ownership declined(Ownership before, Declined entry) throws IOException {
    if (!(before instanceof Ownership.Running running)) {
      throw new IOException("the journal declines what is " + before.word());
    }
    return new Ownership.Declined(entry.getGeneration(), running.origin());
  }

  private static Ownership taken(Ownership before, Taken entry) throws IOException {
    if (!(before instanceof Ownership.Running running)) {
      throw new IOException("the journal takes what is " + before.word());
    }
    return new Ownership.Taken(entry.getGeneration(), running.origin());
  }

  private static Ownership becameLocal(Ownership before, BecameLocal entry) throws IOException {
    if (!(before instanceof Ownership.Running running)) {
      throw new IOException("the journal fetches blocks while " + before.word());
    }
    int blocks = running.origin().pulling().geometry().blocks();
    BlockSet missing = new BlockSet(blocks);
    running.missing().addTo(missing);
    BlockRuns local = runs(entry.getBlocks(), blocks);
    for (int i = 0; i < local.size(); i++) {
      missing.remove(local.from(i), local.to(i));
    }
    return new Ownership.Running(running.generation(), running.origin(), BlockRuns.of(missing));
  }

  private static BlockRuns runs(ByteString bytes, int blocks) {
    BlockRuns runs = new BlockRuns();
    runs.decode(bytes.asReadOnlyByteBuffer(), blocks);
    return runs;
  }

  private static ByteString bytes(BlockRuns runs) {
    ByteBuffer buffer = ByteBuffer.allocate((runs.size() + 1) * BlockRuns.MAX_RUN_BYTES);
    runs.encode(buffer, 0);
    return ByteString.copyFrom(buffer.flip());
  }

  private void append(JournalEntry.Builder entry, Ownership state) throws IOException {
    log.append(entry.build().toByteArray());
    ownership = state;
  }

  /**
   * This node owns the state from now on; everything before is history.
   *
   * @throws IOException when it may not be durable
   */
  public synchronized void owned(long generation) throws IOException {
    log.replace(
        JournalEntry.newBuilder()
            .setOwned(Owned.newBuilder().setGeneration(generation))
            .build()
            .toByteArray());
    ownership = new Ownership.Owned(generation);
  }

  /** The state goes to another node. */
  synchronized void handedOver(Ownership.HandedOver state) throws IOException {
    append(
        JournalEntry.newBuilder()
            .setHandedOver(
                HandedOver.newBuilder()
                    .setGeneration(state.generation())
                    .setMigration(state.migration().bytes())
                    .setToken(state.token().bytes())
                    .setLeecher(ByteString.copyFrom(state.leecher().bytes()))
                    .setDirty(bytes(state.dirty()))),
        state);
  }

  /** The new owner has everything. */
  synchronized void released(long generation) throws IOException {
    append(
        JournalEntry.newBuilder().setReleased(Released.newBuilder().setGeneration(generation)),
        new Ownership.Released(generation));
  }

  /**
   * A copy is being collected; what was here before is given up.
   *
   * @throws IOException when that could not be made durable
   */
  public synchronized void pulling(Ownership.Pulling state) throws IOException {
    log.replace(
        JournalEntry.newBuilder()
            .setPulling(
                Pulling.newBuilder()
                    .setMigration(state.migration().bytes())
                    .setSeeder(ByteString.copyFrom(state.seeder().bytes()))
                    .setResource(state.resource())
                    .setSize(state.geometry().size())
                    .setBlockSize(state.geometry().blockSize())
                    .setChunkSize(state.geometry().chunkSize()))
            .build()
            .toByteArray());
    ownership = state;
  }

  /** The state is about to be asked for. */
  synchronized void finalizing(MigrationId token, BlockRuns missing) throws IOException {
    append(
        JournalEntry.newBuilder()
            .setFinalizing(
                Finalizing.newBuilder().setToken(token.bytes()).setMissing(bytes(missing))),
        new Ownership.Finalizing((Ownership.Pulling) ownership, token, missing));
  }

  /** The state is ours, these blocks excepted. */
  synchronized void running(long generation, BlockRuns missing) throws IOException {
    append(
        JournalEntry.newBuilder()
            .setRunning(Running.newBuilder().setGeneration(generation).setMissing(bytes(missing))),
        new Ownership.Running(generation, (Ownership.Finalizing) ownership, missing));
  }

  /** These blocks are here now, and durable. Of no interest once everything is here. */
  synchronized void becameLocal(BlockRuns blocks) throws IOException {
    if (!(ownership instanceof Ownership.Running)) {
      return;
    }
    BlockSet sorted = new BlockSet(blocks.highest());
    blocks.addTo(sorted);
    log.append(
        JournalEntry.newBuilder()
            .setBecameLocal(BecameLocal.newBuilder().setBlocks(bytes(BlockRuns.of(sorted))))
            .build()
            .toByteArray());
  }

  /** All of the state is here, durable; the seeder is to hear of it next. */
  synchronized void taken(long generation) throws IOException {
    if (ownership instanceof Ownership.Running running) {
      append(
          JournalEntry.newBuilder().setTaken(Taken.newBuilder().setGeneration(generation)),
          new Ownership.Taken(generation, running.origin()));
    }
  }

  /** The state is given back unused. */
  synchronized void declined(long generation) throws IOException {
    append(
        JournalEntry.newBuilder().setDeclined(Declined.newBuilder().setGeneration(generation)),
        new Ownership.Declined(generation, ((Ownership.Running) ownership).origin()));
  }

  @Override
  public void close() throws IOException {
    log.close();
  }
}
