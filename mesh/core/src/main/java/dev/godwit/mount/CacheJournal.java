package dev.godwit.mount;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.NodeId;
import dev.godwit.log.StableLog;
import dev.godwit.migration.proto.CacheBegun;
import dev.godwit.migration.proto.CacheEntry;
import dev.godwit.migration.proto.CacheRuns;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What is kept beside the cache of a mount: what it is of, which blocks are here and not saved,
 * and, after an orderly end, which blocks are here at all. After a crash nothing else of the cache
 * is used: what the program wrote and did not flush may be there, and the owner has never heard of
 * it. Thread-safe.
 */
public final class CacheJournal implements Closeable {
  private final StableLog log;
  private @Nullable Content content;
  private int entries;

  /** How many blocks of the content are unsaved. */
  private int noted;

  /** Entries after which the log is written anew. */
  private static final int MOST_ENTRIES = 4096;

  /**
   * What a cache is of.
   *
   * @param mount the name under which the owner gave the lease
   * @param owner whose resource
   * @param resource its name there
   * @param generation the newest of the lease that was seen
   */
  public record Origin(
      MountId mount, NodeId owner, String resource, ChunkGeometry geometry, long generation) {}

  /** What is in the cache. */
  private record Content(Origin origin, BlockSet unsaved, @Nullable BlockSet whole) {}

  /** Saved, and still unsaved in the log. */
  private BlockSet notNoted = new BlockSet(0);

  /**
   * Reads the journal.
   *
   * @throws IOException when it does not make sense
   */
  public CacheJournal(StableLog log) throws IOException {
    this.log = log;
    for (byte[] entry : log.entries()) {
      content = apply(content, entry);
      entries++;
    }
    if (content != null) {
      Content _ = holds(content);
    }
  }

  private static Content apply(@Nullable Content before, byte[] bytes) throws IOException {
    try {
      CacheEntry entry = CacheEntry.parseFrom(bytes);
      if (entry.getEntryCase() == CacheEntry.EntryCase.BEGUN) {
        return begun(entry.getBegun());
      }
      if (before == null) {
        throw new IOException("the journal of the cache has no beginning");
      }
      BlockSet unsaved = before.unsaved();
      switch (entry.getEntryCase()) {
        case UNSAVED -> decode(entry.getUnsaved(), unsaved.size()).addTo(unsaved);
        case SAVED -> {
          BlockRuns saved = decode(entry.getSaved(), unsaved.size());
          for (int i = 0; i < saved.size(); i++) {
            unsaved.remove(saved.from(i), saved.to(i));
          }
        }
        case WHOLE -> {
          BlockSet whole = new BlockSet(unsaved.size());
          decode(entry.getWhole(), whole.size()).addTo(whole);
          return new Content(before.origin(), new BlockSet(unsaved.size()), whole);
        }
        default -> throw new IOException("the journal of the cache is of a newer version");
      }
      // Whatever came after an orderly end began a new use.
      return new Content(before.origin(), unsaved, null);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      throw new IOException("the journal of the cache is damaged: " + e.getMessage(), e);
    }
  }

  private static Content begun(CacheBegun begun) {
    ChunkGeometry geometry =
        new ChunkGeometry(begun.getSize(), begun.getBlockSize(), begun.getChunkSize());
    return new Content(
        new Origin(
            new MountId(begun.getMount()),
            NodeId.of(begun.getOwner().toByteArray()),
            begun.getResource(),
            geometry,
            begun.getGeneration()),
        unsaved(begun, geometry),
        null);
  }

  private static BlockSet unsaved(CacheBegun begun, ChunkGeometry geometry) {
    BlockSet unsaved = new BlockSet(geometry.blocks());
    if (begun.hasUnsaved()) {
      decode(begun.getUnsaved(), unsaved.size()).addTo(unsaved);
    }
    return unsaved;
  }

  private static BlockRuns decode(CacheRuns runs, int blocks) {
    BlockRuns decoded = new BlockRuns();
    decoded.decode(runs.getRuns().asReadOnlyByteBuffer(), blocks);
    return decoded;
  }

  private static CacheRuns encode(BlockSet blocks) {
    BlockRuns runs = BlockRuns.of(blocks);
    ByteBuffer bytes = ByteBuffer.allocate((runs.size() + 1) * BlockRuns.MAX_RUN_BYTES);
    int _ = runs.encode(bytes, 0);
    return CacheRuns.newBuilder().setRuns(ByteString.copyFrom(bytes.flip())).build();
  }

  /** What the cache is of; null when it is new. */
  public synchronized @Nullable Origin origin() {
    return content == null ? null : content.origin();
  }

  /** The blocks that are here and not saved; empty when the cache is new. */
  public synchronized BlockSet unsaved() {
    return content == null ? new BlockSet(0) : copy(content.unsaved());
  }

  /**
   * Whether the last use has ended with everything saved; false also while it is in use. When it is
   * false and nothing is {@link #unsaved}, only what was flushed is known to be saved.
   */
  public synchronized boolean isEnded() {
    return content != null && content.whole() != null;
  }

  /** The blocks that are here, when the last use of the cache has ended in order; or null. */
  synchronized @Nullable BlockSet whole() {
    return content == null || content.whole() == null ? null : copy(content.whole());
  }

  private static BlockSet copy(BlockSet from) {
    BlockSet copy = new BlockSet(from.size());
    from.forEachRun(copy::add);
    return copy;
  }

  private static byte[] entry(CacheBegun begun) {
    return CacheEntry.newBuilder().setBegun(begun).build().toByteArray();
  }

  private static CacheBegun begun(Origin origin, BlockSet unsaved) {
    return CacheBegun.newBuilder()
        .setUnsaved(encode(unsaved))
        .setMount(origin.mount().bytes())
        .setOwner(ByteString.copyFrom(origin.owner().bytes()))
        .setResource(origin.resource())
        .setSize(origin.geometry().size())
        .setBlockSize(origin.geometry().blockSize())
        .setChunkSize(origin.geometry().chunkSize())
        .setGeneration(origin.generation())
        .build();
  }

  /**
   * The cache is used from now on; it holds these unsaved blocks, and whatever else it holds counts
   * for nothing if this use ends without {@link #ended}.
   *
   * @throws IOException when that could not be made durable
   */
  synchronized void begin(Origin origin, BlockSet unsaved) throws IOException {
    rewrite(holds(new Content(origin, copy(unsaved), null)));
  }

  private Content holds(Content now) {
    content = now;
    notNoted = new BlockSet(now.unsaved().size());
    noted = now.unsaved().count();
    return now;
  }

  private void rewrite(Content now) throws IOException {
    log.replace(entry(begun(now.origin(), now.unsaved())));
    entries = 1;
  }

  private void append(CacheEntry entry) throws IOException {
    log.append(entry.toByteArray());
    entries++;
  }

  private Content present() {
    Content now = content;
    if (now == null) {
      throw new IllegalStateException("the cache was not begun");
    }
    return now;
  }

  /** How many blocks the log says are here and not saved. */
  synchronized int noted() {
    return noted;
  }

  /**
   * These blocks are in the cache, durable, and the owner has not saved them. Nothing is written
   * when that is known.
   *
   * @return whether it was written
   * @throws IOException when that could not be made durable
   */
  synchronized boolean unsaved(BlockRuns runs) throws IOException {
    BlockSet unsaved = present().unsaved();
    BlockRuns unknown = new BlockRuns();
    for (int i = 0; i < runs.size(); i++) {
      int end = runs.to(i);
      notNoted.remove(runs.from(i), end);
      for (int from = unsaved.nextAbsent(runs.from(i), end); from < end; ) {
        int next = unsaved.next(from, end);
        int to = next < 0 ? end : next;
        unknown.add(from, to);
        from = unsaved.nextAbsent(to, end);
      }
    }
    if (unknown.isEmpty()) {
      return false;
    }
    BlockSet added = new BlockSet(unsaved.size());
    unknown.addTo(added);
    append(CacheEntry.newBuilder().setUnsaved(encode(added)).build());
    added.forEachRun(unsaved::add);
    noted += added.count();
    return true;
  }

  /**
   * The owner has saved everything but what was written again since; that has been told of anew, or
   * will be with the next flush. The log says so after the next {@link #noteSaved}; until then it
   * is sent once more after a crash, which does no harm.
   *
   * @param writtenAgain adds, while this runs, what is not saved all the same
   */
  synchronized void saved(Consumer<BlockSet> writtenAgain) {
    BlockSet unsaved = present().unsaved();
    BlockSet saved = copy(unsaved);
    BlockSet again = new BlockSet(unsaved.size());
    writtenAgain.accept(again);
    again.forEachRun(saved::remove);
    saved.forEachRun(notNoted::add);
  }

  /**
   * Writes down what is saved. Not after each {@link #saved}: it costs a flush of the disk, and
   * another one when the program writes there again.
   *
   * @throws IOException when that could not be made durable
   */
  synchronized void noteSaved() throws IOException {
    if (notNoted.isEmpty()) {
      return;
    }
    Content now = present();
    BlockSet saved = notNoted;
    notNoted = new BlockSet(saved.size());
    saved.forEachRun(now.unsaved()::remove);
    noted = now.unsaved().count();
    if (entries > MOST_ENTRIES) {
      rewrite(now);
    } else {
      append(CacheEntry.newBuilder().setSaved(encode(saved)).build());
    }
  }

  /**
   * The use ends, and exactly these blocks are in the cache, durable, and not saved.
   *
   * @throws IOException when that could not be made durable
   */
  synchronized void left(BlockSet unsaved) throws IOException {
    rewrite(holds(new Content(present().origin(), copy(unsaved), null)));
  }

  /**
   * The use ends in order, and nothing is unsaved: these blocks are in the cache, durable, and the
   * same as the owner's.
   *
   * @throws IOException when that could not be made durable
   */
  synchronized void ended(BlockSet whole) throws IOException {
    Content now = present();
    append(CacheEntry.newBuilder().setWhole(encode(whole)).build());
    Content _ = holds(new Content(now.origin(), new BlockSet(whole.size()), copy(whole)));
  }

  @Override
  public void close() throws IOException {
    log.close();
  }
}
