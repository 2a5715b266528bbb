package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Extent;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.backend.SparseFile;
import dev.godwit.backend.StagedBackend;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.BlockSet;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.LockedBackend;
import dev.godwit.chunk.PartialBackend;
import dev.godwit.chunk.TrackingBackend;
import dev.godwit.session.Session;
import dev.godwit.session.SessionClosedException;
import dev.godwit.testing.CrashDisk;
import dev.godwit.testing.Patience;
import dev.godwit.testing.Seeds;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Mistakes that other programs of this kind have made, by their numbers in our list of them. */
@Timeout(60)
final class PeerDefectsTest {
  private static final Duration PATIENCE = Patience.seconds(20);
  private static final ChunkGeometry GEOMETRY = new ChunkGeometry(4 * 1024, 512, 1024);

  @TempDir Path directory;

  /** A backend whose writes and flushes wait until they may go on, and are counted. */
  private static final class SlowBackend extends ForwardingBackend {
    private final CountDownLatch writing = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final AtomicInteger flushes = new AtomicInteger();

    SlowBackend() {
      super(new MemoryBackend(GEOMETRY.size()));
    }

    @Override
    public void write(ByteBuffer src, long offset) throws IOException {
      writing.countDown();
      await(goOn);
      below.write(src, offset);
    }

    @Override
    public void flush() {
      flushes.getAndIncrement();
    }
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("nobody went on");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private interface Io {
    void run() throws IOException;
  }

  private static CompletableFuture<Void> start(Io io) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread.startVirtualThread(
        () -> {
          try {
            io.run();
            done.complete(null);
          } catch (IOException | RuntimeException e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  private static BlockSet everything() {
    BlockSet all = new BlockSet(GEOMETRY.blocks());
    all.add(0, GEOMETRY.blocks());
    return all;
  }

  @Test
  void defect01_whatIsAbsentReadsAsZeroesAndNotAsTheBytesReadBefore() throws IOException {
    MemoryBackend backend = new MemoryBackend(10 << 20);
    backend.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 0);
    ByteBuffer same = ByteBuffer.allocate(3);
    backend.read(same, 0);
    backend.read(same.clear(), 5 << 20);
    assertArrayEquals(new byte[3], same.array());
  }

  @Test
  void defect02_aWriteThatMeetsTheArrivalOfItsChunkIsKept() throws Exception {
    SlowBackend slow = new SlowBackend();
    PartialBackend partial =
        new PartialBackend(
            slow, GEOMETRY, everything(), (dst, offset) -> dst.position(dst.limit()), PATIENCE);
    CompletableFuture<Void> write =
        start(() -> partial.write(ByteBuffer.wrap(Seeds.bytes(new Random(1), 512)), 0));
    await(slow.writing);
    partial.arrived(ByteBuffer.allocate(1024), 0, partial.moment());
    slow.goOn.countDown();
    write.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    partial.arrived(ByteBuffer.allocate(1024), 0, partial.moment());
    ByteBuffer found = ByteBuffer.allocate(512);
    partial.read(found, 0);
    assertArrayEquals(Seeds.bytes(new Random(1), 512), found.array());
  }

  @Test
  void defect03_aDirtyBlockThatWasNeverPulledIsFetchedOnceAndTheMigrationEnds() throws Exception {
    AtomicInteger writes = new AtomicInteger();
    CompletableFuture<Seeder> seeder = new CompletableFuture<>();
    ProgramHook writesLast =
        new ProgramHook() {
          @Override
          public void suspend() throws IOException {
            writes.getAndIncrement();
            // In a hole until now, so no round has ever named it.
            seeder.join().device().write(ByteBuffer.wrap(new byte[] {1}), 3 << 20);
          }

          @Override
          public void resume() {}
        };
    try (var fixture = new MigrationFixture(4 << 20, writesLast);
        Session session = fixture.session()) {
      seeder.complete(fixture.seeder);
      session.start();
      Leecher leecher = fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings());
      assertEquals(new LeecherState.Complete(2), leecher.run());
      assertEquals(1, writes.get());
      assertEquals(4096, leecher.progress().bytesExpected());
      assertEquals(4096, leecher.progress().bytesFetched());
    }
  }

  @Test
  void defect04_tailsAndSizesBelowOneChunkArePulledAndRead() throws Exception {
    for (long size : new long[] {1, 511, 4095, 65535, 65537, 100_001}) {
      try (var fixture = new MigrationFixture(size, ProgramHook.NONE);
          Session session = fixture.session()) {
        fixture.seeder.device().write(ByteBuffer.wrap(new byte[] {9}), size - 1);
        session.start();
        Leecher leecher = fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings());
        assertEquals(new LeecherState.Complete(2), leecher.run());
        ByteBuffer last = ByteBuffer.allocate(1);
        leecher.device().read(last, size - 1);
        assertEquals(9, last.get(0));
      }
    }
  }

  @Test
  void defect06_fencingWaitsForTheOperationsUnderWay() throws Exception {
    SlowBackend slow = new SlowBackend();
    LockedBackend gate = new LockedBackend(slow, PATIENCE, LockedBackend.State.OPEN);
    CompletableFuture<Void> write = start(() -> gate.write(ByteBuffer.allocate(1), 0));
    await(slow.writing);
    assertThrows(IOException.class, () -> gate.fence("over", Duration.ofMillis(10)));
    CompletableFuture<Void> fence = start(() -> gate.fence("over", PATIENCE));
    slow.goOn.countDown();
    fence.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    assertEquals(1, gate.writes());
    write.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void defect07_finalizeCanBeRepeatedAndTheProgramIsStoppedOnce() throws Exception {
    AtomicInteger stops = new AtomicInteger();
    ProgramHook counting =
        new ProgramHook() {
          @Override
          public void suspend() {
            stops.getAndIncrement();
          }

          @Override
          public void resume() {}
        };
    try (var fixture = new MigrationFixture(1 << 20, counting);
        Session session = fixture.session()) {
      session.start();
      SeederClient client = new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM));
      MigrationId token = MigrationId.random(MigrationFixture.RANDOM);
      client.track();
      fixture.seeder.device().write(ByteBuffer.allocate(1), 9000);
      for (int i = 0; i < 5; i++) {
        assertEquals(1, client.finalizeWith(token, fixture.geometry.blocks()).dirty().blocks());
      }
      assertEquals(1, stops.get());
    }
  }

  @Test
  void defect07_aMigrationThatIsAbortedLeavesTheProgramRunningAndTheNextOneWorks()
      throws Exception {
    try (var fixture = new MigrationFixture(1 << 20, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      SeederClient first = new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM));
      first.track();
      first.abort("changed my mind");
      first.abort("changed my mind");
      fixture.seeder.device().write(ByteBuffer.allocate(1), 0);
      Leecher leecher = fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings());
      assertEquals(new LeecherState.Complete(2), leecher.run());
    }
  }

  @Test
  void defect08_aFlushOfTheProgramReachesTheBackendThroughEveryStage() throws IOException {
    SlowBackend bottom = new SlowBackend();
    Backend top =
        new LockedBackend(
            new TrackingBackend(
                new PartialBackend(bottom, GEOMETRY, everything(), (dst, offset) -> {}, PATIENCE),
                GEOMETRY),
            PATIENCE,
            LockedBackend.State.OPEN);
    top.flush();
    assertEquals(1, bottom.flushes.get());
  }

  @Test
  void defect09_aNetworkErrorIsNotTheEnd() throws Exception {
    try (var fixture = new MigrationFixture(16 << 20, ProgramHook.NONE);
        Session session = fixture.session()) {
      fixture.source.write(ByteBuffer.wrap(Seeds.bytes(new Random(2), 16 << 20)), 0);
      session.start();
      AtomicInteger cuts = new AtomicInteger();
      Leecher leecher =
          fixture.leecher(
              session,
              new ProgramHook() {
                @Override
                public void suspend() {}

                @Override
                public void resume() {
                  cuts.getAndIncrement();
                  fixture.connections.getLast().close("cut after the hand-over");
                }
              },
              MigrationFixture.settings());
      leecher.onChange(
          state -> {
            if (state instanceof LeecherState.Finalizing) {
              cuts.getAndIncrement();
              fixture.connections.getLast().close("cut while handing over");
            }
          });
      assertEquals(new LeecherState.Complete(2), leecher.run());
      assertTrue(cuts.get() > 3);
    }
  }

  @Test
  void defect10_openingFailsAndClosingEndsWhenThereIsNobody() throws Exception {
    try (var fixture = new MigrationFixture(1 << 20, ProgramHook.NONE)) {
      Session session = fixture.session("no such resource");
      fixture.close();
      assertThrows(IOException.class, session::start);
      CompletableFuture<Void> closed = start(session::close);
      closed.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
      assertThrows(SessionClosedException.class, () -> session.call((byte) 1, null));
    }
  }

  @Test
  void defect11_aShortReadOfAFileIsAnErrorAndNoZeroes() throws IOException {
    Path file = directory.resolve("disk");
    try (var backend = FileBackend.create(file, 8192, _ -> SparseFile.dense())) {
      Files.write(file, new byte[4096]);
      assertThrows(EOFException.class, () -> backend.read(ByteBuffer.allocate(8192), 0));
    }
  }

  @Test
  void defect11_aReadErrorAtTheSeederReachesTheProgramAsAnError() throws Exception {
    PartialBackend partial =
        new PartialBackend(
            new CrashDisk(new byte[(int) GEOMETRY.size()]),
            GEOMETRY,
            everything(),
            (dst, offset) -> {
              throw new IOException("bad sector");
            },
            PATIENCE);
    IOException failed =
        assertThrows(IOException.class, () -> partial.read(ByteBuffer.allocate(1), 0));
    assertEquals("bad sector", failed.getMessage());
    assertEquals(GEOMETRY.blocks(), partial.missing().count());
  }

  @Test
  void defect12_negativeAndHugeRangesAreRefusedByEveryStage() {
    Backend bottom = new MemoryBackend(GEOMETRY.size());
    TrackingBackend tracking = new TrackingBackend(bottom, GEOMETRY);
    PartialBackend partial =
        new PartialBackend(bottom, GEOMETRY, everything(), (dst, offset) -> {}, PATIENCE);
    tracking.start();
    for (Backend each : new Backend[] {bottom, tracking, partial}) {
      for (long[] range :
          new long[][] {{-1, 1}, {0, -1}, {0, Long.MAX_VALUE}, {Long.MAX_VALUE, Long.MAX_VALUE}}) {
        assertThrows(IOException.class, () -> each.zero(range[0], range[1], Backend.Holes.ALLOWED));
        assertThrows(
            IOException.class, () -> each.extents(range[0], range[1], (o, l, k) -> fail(k)));
      }
    }
    assertTrue(tracking.drain().isEmpty());
  }

  private static void fail(Extent.Kind kind) {
    throw new AssertionError("visited " + kind);
  }

  @Test
  void defect14_aSlowWriteHoldsUpNeitherOtherReadsNorOtherWrites() throws Exception {
    SlowBackend slow = new SlowBackend();
    AtomicInteger fetched = new AtomicInteger();
    TrackingBackend tracking =
        new TrackingBackend(
            new PartialBackend(
                slow,
                GEOMETRY,
                new BlockSet(GEOMETRY.blocks()),
                (dst, offset) -> fetched.getAndIncrement(),
                PATIENCE),
            GEOMETRY);
    LockedBackend gate = new LockedBackend(tracking, PATIENCE, LockedBackend.State.OPEN);
    tracking.start();
    CompletableFuture<Void> write = start(() -> gate.write(ByteBuffer.allocate(512), 0));
    await(slow.writing);
    gate.read(ByteBuffer.allocate(512), 0);
    gate.zero(1024, 512, Backend.Holes.ALLOWED);
    gate.flush();
    assertTrue(tracking.drain().contains(2));
    assertFalse(write.isDone());
    slow.goOn.countDown();
    write.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    assertTrue(tracking.drain().contains(0));
    assertEquals(0, fetched.get());
  }

  @Test
  void defect14_aSlowFetchHoldsUpNoAccessToOtherBlocks() throws Exception {
    CountDownLatch fetching = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    PartialBackend partial =
        new PartialBackend(
            new CrashDisk(new byte[(int) GEOMETRY.size()]),
            GEOMETRY,
            everything(),
            (dst, offset) -> {
              if (offset == 0) {
                fetching.countDown();
                await(goOn);
              }
              dst.position(dst.limit());
            },
            PATIENCE);
    CompletableFuture<Void> read = start(() -> partial.read(ByteBuffer.allocate(1), 0));
    await(fetching);
    partial.read(ByteBuffer.allocate(1), 1024);
    partial.write(ByteBuffer.allocate(1), 2048);
    partial.flush();
    assertFalse(read.isDone());
    goOn.countDown();
    read.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void defect15_whichBlocksAreHereSurvivesARestart() throws Exception {
    try (var fixture = new MigrationFixture(1 << 20, ProgramHook.NONE)) {
      Journal journal = new Journal(fixture.leecherLog);
      journal.pulling(
          new Ownership.Pulling(
              MigrationId.random(MigrationFixture.RANDOM),
              fixture.alice.id(),
              "disk",
              fixture.geometry));
      BlockSet missing = new BlockSet(fixture.geometry.blocks());
      missing.add(0, fixture.geometry.blocks());
      BlockRuns all = BlockRuns.of(missing);
      journal.finalizing(MigrationId.random(MigrationFixture.RANDOM), all);
      journal.running(2, all);
      PartialBackend partial =
          new PartialBackend(
              fixture.target,
              fixture.geometry,
              missing,
              (dst, offset) -> dst.position(dst.limit()),
              PATIENCE);
      partial.logTo(journal::becameLocal);
      partial.write(ByteBuffer.allocate(4096), 8192);
      partial.flush();
      Ownership.Running found =
          assertInstanceOf(Ownership.Running.class, new Journal(fixture.leecherLog).ownership());
      assertEquals(fixture.geometry.blocks() - 1, found.missing().blocks());
      assertEquals(2, found.missing().to(0));
    }
  }

  @Test
  void defect19_aBlockThatCouldNotBeStoredIsStillMissing() throws IOException {
    StagedBackend failing = new StagedBackend(GEOMETRY.size(), Backend.Latency.MEMORY);
    IOException full = new IOException("full");
    PartialBackend partial =
        new PartialBackend(
            failing, GEOMETRY, everything(), (dst, offset) -> dst.position(dst.limit()), PATIENCE);
    failing.failNext(full);
    assertThrows(
        IOException.class, () -> partial.arrived(ByteBuffer.allocate(512), 0, partial.moment()));
    assertTrue(partial.missing().contains(0));
    failing.failNext(full);
    assertThrows(IOException.class, () -> partial.arrivedZero(512, 512, partial.moment()));
    assertTrue(partial.missing().contains(1));
    failing.failNext(full);
    assertThrows(IOException.class, () -> partial.write(ByteBuffer.allocate(512), 1024));
    assertTrue(partial.missing().contains(2));
    partial.arrived(ByteBuffer.allocate(1536), 0, partial.moment());
    assertFalse(partial.missing().intersects(0, 3));
  }

  @Test
  void defect19_aWriteThatFailedIsRecordedAsDirtyToo() {
    StagedBackend failing = new StagedBackend(GEOMETRY.size(), Backend.Latency.MEMORY);
    failing.failNext(new IOException("half of it was written"));
    TrackingBackend tracking = new TrackingBackend(failing, GEOMETRY);
    tracking.start();
    assertThrows(IOException.class, () -> tracking.write(ByteBuffer.allocate(512), 512));
    assertTrue(tracking.drain().contains(1));
    tracking.stop();
    assertThrows(IllegalStateException.class, tracking::drain);
  }
}
