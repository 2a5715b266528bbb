package dev.godwit.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import dev.godwit.backend.FlushFailedException;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.backend.RememberingBackend;
import dev.godwit.testing.CrashDisk;
import dev.godwit.testing.Patience;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A program that works through the chunk pipeline, and an array that says what it must find. The
 * pipeline is partial, below a tracking and a gate; the disk below may lose power, and what was
 * flushed and logged is then all that is left.
 */
final class PipelineModel {
  private static final Duration PATIENCE = Patience.seconds(10);

  private final Random random;
  private final ChunkGeometry geometry;
  private final int size;
  private final byte[] source;
  private final CrashDisk disk;

  /** The journal: what was missing at first, and what has become local since. */
  private final BlockSet journaled;

  private int logFailures;
  private int sourceFailures;

  /** What the program must see. */
  private byte[] truth;

  /** What it must at least find after a crash, or something of {@link #since}. */
  private byte[] flushed;

  private final List<Change> since = new ArrayList<>();

  /** Blocks that must be in the next drained set. */
  private final BlockSet dirty;

  private PartialBackend partial;
  private TrackingBackend tracking;
  private LockedBackend gate;

  /** Bytes that the program put there. */
  private record Change(int offset, int length, ByteBuffer bytes) {}

  PipelineModel(Random random) {
    this.random = random;
    this.geometry = geometry(random);
    this.size = (int) geometry.size();
    this.source = Seeds.bytes(random, size);
    for (int block = 0; block < geometry.blocks(); block++) {
      if (random.nextInt(4) == 0) {
        int from = (int) geometry.blockOffset(block);
        Arrays.fill(source, from, from + (int) geometry.bytes(block, block + 1), (byte) 0);
      }
    }
    // What is missing holds anything: an older round's bytes, or garbage.
    byte[] local = Seeds.bytes(random, size);
    this.journaled = new BlockSet(geometry.blocks());
    this.truth = local.clone();
    for (int block = 0; block < geometry.blocks(); block++) {
      if (random.nextInt(4) != 0) {
        journaled.add(block, block + 1);
        int from = (int) geometry.blockOffset(block);
        System.arraycopy(source, from, truth, from, (int) geometry.bytes(block, block + 1));
      }
    }
    this.flushed = truth.clone();
    this.dirty = new BlockSet(geometry.blocks());
    this.disk = new CrashDisk(local);
    this.partial = start();
    this.tracking = new TrackingBackend(partial, geometry);
    this.gate = new LockedBackend(tracking, PATIENCE, LockedBackend.State.OPEN);
    tracking.start();
  }

  /** Geometries with tails, and resources smaller than a chunk, a block, a byte. */
  static ChunkGeometry geometry(Random random) {
    int block = 512 << random.nextInt(3);
    int chunk = block << random.nextInt(4);
    int size =
        switch (random.nextInt(6)) {
          case 0 -> random.nextInt(3);
          case 1 -> random.nextInt(block);
          case 2 -> block * random.nextInt(12);
          default -> random.nextInt(block * 12);
        };
    return new ChunkGeometry(size, block, chunk);
  }

  private PartialBackend start() {
    BlockSet missing = new BlockSet(geometry.blocks());
    journaled.forEachRun(missing::add);
    Backend opened = new RememberingBackend(disk, "the disk");
    PartialBackend started = new PartialBackend(opened, geometry, missing, this::fetch, PATIENCE);
    started.logTo(this::becameLocal);
    return started;
  }

  private void fetch(ByteBuffer dst, long offset) throws IOException {
    if (sourceFailures > 0) {
      sourceFailures--;
      throw new IOException("the source is away");
    }
    OutOfRangeException.check(offset, dst.remaining(), size);
    assertTrue(dst.remaining() > 0, "an empty fetch");
    dst.put(source, (int) offset, dst.remaining());
  }

  private void becameLocal(BlockRuns runs) throws IOException {
    if (logFailures > 0) {
      logFailures--;
      throw new IOException("the journal failed");
    }
    for (int i = 0; i < runs.size(); i++) {
      journaled.remove(runs.from(i), runs.to(i));
    }
  }

  void run(int steps) throws IOException {
    for (int i = 0; i < steps; i++) {
      step();
    }
    readEverything();
    pullEverything();
  }

  private void step() throws IOException {
    int offset = random.nextInt(size + 1);
    int length = random.nextInt(Math.min(size - offset, 3 * geometry.blockSize()) + 1);
    if (random.nextInt(3) == 0) {
      // Whole blocks, which take another way.
      offset = (int) geometry.blockOffset(geometry.blockAt(offset));
      length = (int) Math.min(size - offset, (long) geometry.blockSize() * random.nextInt(4));
    }
    switch (random.nextInt(16)) {
      case 0, 1, 2 -> read(offset, length);
      case 3, 4, 5 -> write(offset, length);
      case 6 -> zero(offset, length);
      case 7 -> trim(offset, length);
      case 8 -> flush();
      case 9, 10 -> arrive(geometry.blockAt(offset));
      case 11 -> drain();
      case 12 -> fence(offset, length);
      case 13 -> extents(offset, length);
      case 14 -> outOfRange();
      default -> {
        if (random.nextInt(3) == 0) {
          crash();
        } else {
          sourceAway(offset, length);
        }
      }
    }
  }

  private void read(int offset, int length) throws IOException {
    ByteBuffer got = ByteBuffer.allocate(length);
    gate.read(got, offset);
    assertEquals(0, got.remaining());
    assertArrayEquals(
        Arrays.copyOfRange(truth, offset, offset + length),
        got.array(),
        () -> "read of " + length + " at " + offset);
  }

  private void write(int offset, int length) throws IOException {
    byte[] bytes = Seeds.bytes(random, length);
    gate.write(ByteBuffer.wrap(bytes), offset);
    changed(offset, bytes);
  }

  private void zero(int offset, int length) throws IOException {
    gate.zero(
        offset, length, random.nextBoolean() ? Backend.Holes.ALLOWED : Backend.Holes.FORBIDDEN);
    changed(offset, new byte[length]);
  }

  private void trim(int offset, int length) throws IOException {
    gate.trim(offset, length);
    changed(offset, new byte[length]);
  }

  private void changed(int offset, byte[] bytes) {
    System.arraycopy(bytes, 0, truth, offset, bytes.length);
    since.add(new Change(offset, bytes.length, ByteBuffer.wrap(bytes)));
    if (bytes.length > 0) {
      dirty.add(geometry.blockAt(offset), geometry.blockAt(offset + bytes.length - 1) + 1);
    }
  }

  private void flush() throws IOException {
    int kind = random.nextInt(8);
    if (kind == 0) {
      disk.failFlushes(1);
      assertThrows(FlushFailedException.class, () -> gate.flush());
      assertThrows(FlushFailedException.class, () -> gate.flush());
      crash();
    } else if (kind == 1) {
      logFailures = 1;
      try {
        gate.flush();
        nowDurable();
      } catch (IOException e) {
        assertEquals("the journal failed", e.getMessage());
      }
      logFailures = 0;
    } else {
      gate.flush();
      nowDurable();
    }
  }

  private void nowDurable() {
    flushed = truth.clone();
    since.clear();
  }

  private void arrive(int from) throws IOException {
    if (from >= geometry.blocks()) {
      return;
    }
    int to = Math.min(geometry.blocks(), from + 1 + random.nextInt(4));
    int offset = (int) geometry.blockOffset(from);
    int length = (int) geometry.bytes(from, to);
    boolean zero = true;
    for (int i = offset; i < offset + length; i++) {
      zero &= source[i] == 0;
    }
    if (zero) {
      partial.arrivedZero(offset, length, partial.moment());
    } else {
      ByteBuffer data = ByteBuffer.allocate(length + 7).position(3);
      data.put(source, offset, length).flip().position(3);
      partial.arrived(data, offset, partial.moment());
      assertEquals(0, data.remaining());
    }
    assertTrue(!partial.missing().intersects(from, to), "what arrived is still missing");
  }

  private void drain() {
    BlockSet taken = tracking.drain();
    dirty.forEachRun(
        (from, to) -> {
          for (int block = from; block < to; block++) {
            assertTrue(taken.contains(block), "a written block was not recorded");
          }
        });
    dirty.remove(0, geometry.blocks());
  }

  private void fence(int offset, int length) throws IOException {
    long writes = gate.writes();
    gate.fence("elsewhere", PATIENCE);
    FencedException refused =
        assertThrows(FencedException.class, () -> gate.write(ByteBuffer.allocate(length), offset));
    assertEquals("elsewhere", refused.getMessage());
    assertThrows(FencedException.class, () -> gate.read(ByteBuffer.allocate(length), offset));
    assertThrows(FencedException.class, () -> gate.flush());
    assertEquals(writes, gate.writes());
    gate.open();
  }

  private void extents(int offset, int length) throws IOException {
    int[] at = {offset};
    gate.extents(
        offset,
        length,
        (start, count, kind) -> {
          assertEquals(at[0], start);
          assertTrue(count > 0);
          at[0] += (int) count;
          if (kind == Extent.Kind.HOLE) {
            for (int i = (int) start; i < start + count; i++) {
              assertEquals(0, truth[i], "a hole with data in it");
            }
          }
        });
    assertEquals(offset + length, at[0]);
  }

  private void outOfRange() {
    long offset = random.nextBoolean() ? size + 1L : -1;
    assertThrows(OutOfRangeException.class, () -> gate.read(ByteBuffer.allocate(1), offset));
    assertThrows(OutOfRangeException.class, () -> gate.write(ByteBuffer.allocate(1), size));
    assertThrows(OutOfRangeException.class, () -> gate.zero(0, size + 1L, Backend.Holes.ALLOWED));
    assertThrows(OutOfRangeException.class, () -> gate.trim(Long.MAX_VALUE, 2));
    assertThrows(OutOfRangeException.class, () -> gate.extents(1, Long.MAX_VALUE, (o, l, k) -> {}));
  }

  /** Whatever needs the source fails and changes nothing; whatever does not goes on. */
  private void sourceAway(int offset, int length) throws IOException {
    sourceFailures = 1;
    byte[] bytes = Seeds.bytes(random, length);
    try {
      if (random.nextBoolean()) {
        read(offset, length);
      } else {
        gate.write(ByteBuffer.wrap(bytes), offset);
        changed(offset, bytes);
      }
    } catch (IOException e) {
      assertEquals("the source is away", e.getMessage());
    }
    sourceFailures = 0;
  }

  private void crash() throws IOException {
    disk.crash(random);
    partial = start();
    tracking = new TrackingBackend(partial, geometry);
    gate = new LockedBackend(tracking, PATIENCE, LockedBackend.State.OPEN);
    tracking.start();
    dirty.remove(0, geometry.blocks());
    ByteBuffer found = ByteBuffer.allocate(size);
    gate.read(found, 0);
    for (int i = 0; i < size; i++) {
      if (found.get(i) != flushed[i] && !written(i, found.get(i))) {
        fail("byte " + i + " is neither what was flushed nor what was written after that");
      }
    }
    truth = found.array();
    // Reading made everything local, but what was there is durable only with the next flush.
    flushed = truth.clone();
    since.clear();
  }

  private boolean written(int at, byte value) {
    for (Change change : since) {
      if (at >= change.offset()
          && at < change.offset() + change.length()
          && change.bytes().get(at - change.offset()) == value) {
        return true;
      }
    }
    return false;
  }

  private void readEverything() throws IOException {
    read(0, size);
    read(size, 0);
  }

  /** Once everything has arrived, nothing needs the source. */
  private void pullEverything() throws IOException {
    for (int block = partial.missing().next(0); block >= 0; ) {
      arrive(block);
      block = partial.missing().next(block);
    }
    assertTrue(partial.isWhole());
    sourceFailures = Integer.MAX_VALUE;
    readEverything();
  }
}
