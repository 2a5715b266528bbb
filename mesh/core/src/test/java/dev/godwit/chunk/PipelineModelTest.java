package dev.godwit.chunk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.backend.Backend;
import dev.godwit.backend.MemoryBackend;
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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The chunk pipeline against arrays, alone and under threads. */
@SuppressWarnings("ThreadPriorityCheck") // Yielding is only there to mix the threads up.
final class PipelineModelTest {
  private static final Duration PATIENCE = Patience.seconds(20);

  @Test
  void theStackedPipelineReadsLikeAnArrayAndLosesNoFlushedWriteInACrash() {
    Seeds.each(15_000, random -> new PipelineModel(random).run(30));
  }

  @Test
  void aPartialBackendOverMemoryReadsLikeAnArray() throws IOException {
    // The slabs of a memory backend are large: one serves all cases.
    int size = (1 << 20) + 777;
    byte[] source = Seeds.bytes(new Random(5), size);
    MemoryBackend memory = new MemoryBackend(size);
    Seeds.each(
        10_000,
        random -> {
          int block = 512 << random.nextInt(8);
          var geometry = new ChunkGeometry(size, block, block << random.nextInt(3));
          // What the case before left there is missing, so it must not show.
          BlockSet missing = new BlockSet(geometry.blocks());
          missing.add(0, geometry.blocks());
          var partial =
              new PartialBackend(
                  memory,
                  geometry,
                  missing,
                  (dst, offset) -> dst.put(source, (int) offset, dst.remaining()),
                  PATIENCE);
          // Around the border between two slabs, and at the tail.
          int base = random.nextBoolean() ? (1 << 20) - 3000 : size - 3500;
          byte[] truth = Arrays.copyOfRange(source, base, base + 3500);
          for (int i = 0; i < 6; i++) {
            int offset = random.nextInt(3500);
            int length = random.nextInt(3500 - offset);
            if (random.nextBoolean()) {
              byte[] bytes = Seeds.bytes(random, length);
              partial.write(ByteBuffer.wrap(bytes), base + offset);
              System.arraycopy(bytes, 0, truth, offset, length);
            } else {
              partial.zero(base + offset, length, Backend.Holes.ALLOWED);
              Arrays.fill(truth, offset, offset + length, (byte) 0);
            }
          }
          ByteBuffer found = ByteBuffer.allocate(3500);
          partial.read(found, base);
          assertArrayEquals(truth, found.array());
        });
  }

  @Test
  void programsAndPullerTogetherLoseNoWrite() {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Seeds.each(2_000, random -> programsAndPuller(random, threads));
    }
  }

  /** Programs own neighbouring parts that share blocks; a puller and a flusher work at once. */
  private static void programsAndPuller(Random random, ExecutorService threads) throws Exception {
    ChunkGeometry geometry = new ChunkGeometry(4096 * 3 + random.nextInt(4096), 1024, 4096);
    int size = (int) geometry.size();
    byte[] source = Seeds.bytes(random, size);
    BlockSet missing = new BlockSet(geometry.blocks());
    missing.add(0, geometry.blocks());
    var disk = new CrashDisk(Seeds.bytes(random, size));
    BlockSet journaled = new BlockSet(geometry.blocks());
    var partial =
        new PartialBackend(
            disk,
            geometry,
            missing,
            (dst, offset) -> {
              Thread.yield();
              dst.put(source, (int) offset, dst.remaining());
            },
            PATIENCE);
    partial.logTo(runs -> runs.addTo(journaled));
    byte[] truth = source.clone();
    int programs = 3;
    int share = size / programs;
    List<Future<?>> running = new ArrayList<>();
    for (int p = 0; p < programs; p++) {
      int from = p * share;
      Random own = new Random(random.nextLong());
      running.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 12; i++) {
                  int offset = from + own.nextInt(share);
                  int length = own.nextInt(from + share - offset + 1);
                  if (own.nextInt(3) == 0) {
                    ByteBuffer found = ByteBuffer.allocate(length);
                    partial.read(found, offset);
                    assertArrayEquals(
                        Arrays.copyOfRange(truth, offset, offset + length), found.array());
                  } else {
                    byte[] bytes = Seeds.bytes(own, length);
                    partial.write(ByteBuffer.wrap(bytes), offset);
                    System.arraycopy(bytes, 0, truth, offset, length);
                  }
                }
                return null;
              }));
    }
    Random pulling = new Random(random.nextLong());
    running.add(
        threads.submit(
            () -> {
              while (!partial.isWhole()) {
                int block = pulling.nextInt(geometry.blocks());
                int end = Math.min(geometry.blocks(), block + 1 + pulling.nextInt(3));
                int offset = (int) geometry.blockOffset(block);
                partial.arrived(
                    ByteBuffer.wrap(source, offset, (int) geometry.bytes(block, end)).slice(),
                    offset,
                    partial.moment());
                Thread.yield();
              }
              return null;
            }));
    running.add(
        threads.submit(
            () -> {
              for (int i = 0; i < 3; i++) {
                partial.flush();
              }
              return null;
            }));
    for (Future<?> each : running) {
      each.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    }
    partial.flush();
    assertEquals(geometry.blocks(), journaled.count());
    ByteBuffer found = ByteBuffer.allocate(size);
    disk.read(found, 0);
    assertArrayEquals(truth, found.array());
  }

  @Test
  void drainingUnderWritersNeverLosesABlock() {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Seeds.each(3_000, random -> replicate(random, threads));
    }
  }

  /** A replica that copies what each drained set names ends equal to the original. */
  private static void replicate(Random random, ExecutorService threads) throws Exception {
    ChunkGeometry geometry = new ChunkGeometry(200 * 512 + random.nextInt(512), 512, 4096);
    int size = (int) geometry.size();
    CrashDisk original = new CrashDisk(new byte[size]);
    CrashDisk replica = new CrashDisk(new byte[size]);
    var tracking = new TrackingBackend(original, geometry);
    tracking.start();
    AtomicInteger writing = new AtomicInteger(2);
    List<Future<?>> writers = new ArrayList<>();
    for (int w = 0; w < 2; w++) {
      Random own = new Random(random.nextLong());
      writers.add(
          threads.submit(
              () -> {
                for (int i = 0; i < 25; i++) {
                  byte[] bytes = Seeds.bytes(own, 1 + own.nextInt(3000));
                  tracking.write(ByteBuffer.wrap(bytes), own.nextInt(size - bytes.length));
                  Thread.yield();
                }
                writing.getAndDecrement();
                return null;
              }));
    }
    while (writing.get() > 0) {
      copy(tracking.drain(), geometry, original, replica);
      Thread.yield();
    }
    for (Future<?> writer : writers) {
      writer.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    }
    copy(tracking.drain(), geometry, original, replica);
    ByteBuffer here = ByteBuffer.allocate(size);
    ByteBuffer there = ByteBuffer.allocate(size);
    original.read(here, 0);
    replica.read(there, 0);
    assertArrayEquals(here.array(), there.array());
  }

  private static void copy(BlockSet set, ChunkGeometry geometry, Backend from, Backend to)
      throws IOException {
    BlockRuns runs = BlockRuns.of(set);
    for (int i = 0; i < runs.size(); i++) {
      ByteBuffer bytes = ByteBuffer.allocate((int) geometry.bytes(runs.from(i), runs.to(i)));
      from.read(bytes, geometry.blockOffset(runs.from(i)));
      to.write(bytes.flip(), geometry.blockOffset(runs.from(i)));
    }
  }

  @Test
  void nothingIsInsideAGateThatIsShutOrFenced() {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Seeds.each(3_000, random -> gate(random, threads));
    }
  }

  /** Programs do as many operations as they get permits for, at a gate that goes up and down. */
  private static void gate(Random random, ExecutorService threads) throws Exception {
    CountingBackend below = new CountingBackend();
    LockedBackend gate = new LockedBackend(below, PATIENCE, LockedBackend.State.OPEN);
    Semaphore permits = new Semaphore(0);
    int programs = 3;
    int each = 12;
    AtomicInteger refused = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>();
    for (int p = 0; p < programs; p++) {
      running.add(
          threads.submit(
              () -> {
                for (int i = 0; i < each; i++) {
                  permits.acquire();
                  try {
                    gate.write(ByteBuffer.allocate(1), 0);
                  } catch (FencedException e) {
                    assertEquals("fenced", e.getMessage());
                    refused.getAndIncrement();
                  }
                }
                return null;
              }));
    }
    for (int left = programs * each; left > 0; ) {
      int some = Math.min(left, 1 + random.nextInt(8));
      permits.release(some);
      left -= some;
      pause(random);
      if (random.nextBoolean()) {
        gate.shut(PATIENCE);
      } else {
        gate.fence("fenced", PATIENCE);
      }
      assertEquals(0, below.inside.get());
      int entered = below.entered.get();
      pause(random);
      assertEquals(entered, below.entered.get(), "an operation passed a closed gate");
      gate.open();
    }
    // Whoever waits at the gate must get through by itself now.
    for (Future<?> program : running) {
      program.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    }
    assertEquals(0, below.inside.get());
    assertEquals(programs * each, below.entered.get() + refused.get());
    assertEquals(gate.writes(), below.entered.get());
  }

  private static void pause(Random random) {
    for (int i = random.nextInt(4); i > 0; i--) {
      Thread.yield();
    }
  }

  /** Counts who is inside. */
  private static final class CountingBackend implements Backend {
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger entered = new AtomicInteger();

    @Override
    public long size() {
      return 1;
    }

    @Override
    public void read(ByteBuffer dst, long offset) {}

    @Override
    public void write(ByteBuffer src, long offset) {
      inside.getAndIncrement();
      entered.getAndIncrement();
      Thread.yield();
      inside.getAndDecrement();
    }

    @Override
    public void flush() {}

    @Override
    public void zero(long offset, long length, Holes holes) {}

    @Override
    public void extents(long offset, long length, ExtentVisitor visitor) {}

    @Override
    public void close() {}
  }
}
