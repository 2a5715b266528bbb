package dev.godwit.chunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Latency;
import dev.godwit.testing.CrashDisk;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class PartialBackendTest {
  private static final Duration PATIENCE = Patience.seconds(10);
  private static final ChunkGeometry GEOMETRY = new ChunkGeometry(10 * 512 + 100, 512, 1024);

  private final AtomicInteger fetches = new AtomicInteger();
  private final BlockSet missing = new BlockSet(GEOMETRY.blocks());

  private PartialBackend partial(BlockSource source, Duration patience) {
    missing.add(0, GEOMETRY.blocks());
    return new PartialBackend(
        new CrashDisk(new byte[(int) GEOMETRY.size()]), GEOMETRY, missing, source, patience);
  }

  private PartialBackend partial() {
    return partial(this::ones, PATIENCE);
  }

  private void ones(ByteBuffer dst, long offset) {
    fetches.getAndIncrement();
    while (dst.hasRemaining()) {
      dst.put((byte) 1);
    }
  }

  @Test
  void aWholeBlockIsWrittenWithoutFetching() throws IOException {
    PartialBackend partial = partial();
    partial.write(ByteBuffer.allocate(1024), 512);
    assertEquals(0, fetches.get());
    assertFalse(missing.intersects(1, 3));
  }

  @Test
  void theShortLastBlockIsWrittenWithoutFetching() throws IOException {
    PartialBackend partial = partial();
    partial.write(ByteBuffer.allocate(100), 10 * 512);
    assertEquals(0, fetches.get());
    assertFalse(missing.contains(10));
  }

  @Test
  void aPartOfABlockFetchesThatBlockOnly() throws IOException {
    PartialBackend partial = partial();
    partial.write(ByteBuffer.wrap(new byte[] {9}), 512 + 7);
    assertEquals(1, fetches.get());
    assertEquals(GEOMETRY.blocks() - 1, missing.count());
    ByteBuffer found = ByteBuffer.allocate(3);
    partial.read(found, 512 + 6);
    assertEquals(ByteBuffer.wrap(new byte[] {1, 9, 1}), found.flip());
  }

  @Test
  void aReadFetchesTheRestOfItsChunkAtOnce() throws IOException {
    PartialBackend partial = partial();
    partial.read(ByteBuffer.allocate(1), 0);
    assertEquals(1, fetches.get());
    assertFalse(missing.intersects(0, 2));
    assertTrue(missing.contains(2));
  }

  @Test
  void aReadLeavesAloneWhatIsOnItsWayBehindIt() throws IOException {
    PartialBackend partial = partial();
    partial.asked(1, 2);
    partial.read(ByteBuffer.allocate(1), 0);
    assertFalse(missing.contains(0));
    assertTrue(missing.contains(1));
    partial.lost(1, 2);
    partial.read(ByteBuffer.allocate(1), 512);
    assertFalse(missing.contains(1));
  }

  @Test
  void whatIsAskedForIsNotToBeAskedForAgain() throws IOException {
    PartialBackend[] self = new PartialBackend[1];
    int[] during = new int[2];
    PartialBackend partial =
        partial(
            (dst, offset) -> {
              during[0] = self[0].nextToAskFor(0, GEOMETRY.blocks());
              during[1] = self[0].endToAskFor(2, GEOMETRY.blocks());
              ones(dst, offset);
            },
            PATIENCE);
    self[0] = partial;
    assertEquals(0, partial.nextToAskFor(0, GEOMETRY.blocks()));
    assertEquals(GEOMETRY.blocks(), partial.endToAskFor(0, GEOMETRY.blocks()));
    partial.asked(5, 7);
    partial.read(ByteBuffer.allocate(1), 0);
    assertEquals(2, during[0]);
    assertEquals(5, during[1]);
    assertEquals(7, partial.nextToAskFor(5, GEOMETRY.blocks()));
    partial.lost(5, 7);
    assertEquals(5, partial.nextToAskFor(5, GEOMETRY.blocks()));
    partial.write(ByteBuffer.allocate((int) GEOMETRY.size()), 0);
    assertEquals(GEOMETRY.blocks(), partial.nextToAskFor(0, GEOMETRY.blocks()));
  }

  @Test
  void whatIsMarkedMissingBeforeTheFirstMissingBlockIsMissedToo() throws IOException {
    PartialBackend partial = partial();
    partial.write(ByteBuffer.allocate((int) GEOMETRY.blockOffset(3)), 0);
    assertFalse(partial.isWhole());
    partial.markMissing(0, 1);
    int rest = (int) (GEOMETRY.size() - GEOMETRY.blockOffset(1));
    partial.write(ByteBuffer.allocate(rest), GEOMETRY.blockOffset(1));
    assertFalse(partial.isWhole());
  }

  @Test
  void whatIsMarkedMissingDuringALookIsMissedToo() throws Exception {
    for (int round = 0; round < 2000; round++) {
      PartialBackend partial = partial();
      partial.write(ByteBuffer.allocate((int) GEOMETRY.blockOffset(3)), 0);
      Thread looking = Thread.ofPlatform().start(partial::isWhole);
      partial.markMissing(0, 1);
      looking.join();
      int rest = (int) (GEOMETRY.size() - GEOMETRY.blockOffset(1));
      partial.write(ByteBuffer.allocate(rest), GEOMETRY.blockOffset(1));
      assertFalse(partial.isWhole());
    }
  }

  @Test
  void itIsRemoteUntilEverythingIsHere() throws IOException {
    PartialBackend partial = partial();
    assertEquals(Latency.REMOTE, partial.latency());
    partial.read(ByteBuffer.allocate((int) GEOMETRY.size()), 0);
    assertEquals(Latency.LOCAL, partial.latency());
    assertTrue(partial.isWhole());
  }

  @Test
  void anOperationThatWaitsTooLongForAnotherOnesBlocksFails() throws Exception {
    CountDownLatch fetching = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    PartialBackend partial =
        partial(
            (dst, offset) -> {
              fetching.countDown();
              await(answer);
              ones(dst, offset);
            },
            Duration.ofMillis(20));
    CompletableFuture<Void> first =
        CompletableFuture.runAsync(
            () -> readByte(partial), task -> Thread.startVirtualThread(task));
    assertTrue(fetching.await(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
    assertThrows(IOException.class, () -> partial.write(ByteBuffer.allocate(1), 0));
    answer.countDown();
    first.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    partial.write(ByteBuffer.allocate(1), 0);
  }

  @Test
  void whatArrivesWhileAProgramWorksOnItStaysMissingInsteadOfWaiting() throws Exception {
    CountDownLatch fetching = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    PartialBackend partial =
        partial(
            (dst, offset) -> {
              fetching.countDown();
              await(answer);
              ones(dst, offset);
            },
            PATIENCE);
    CompletableFuture<Void> first =
        CompletableFuture.runAsync(
            () -> readByte(partial), task -> Thread.startVirtualThread(task));
    assertTrue(fetching.await(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
    partial.arrived(ByteBuffer.allocate(1024), 0, partial.moment());
    partial.arrivedZero(0, 1024, partial.moment());
    assertTrue(missing.contains(0));
    answer.countDown();
    first.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertFalse(missing.contains(0));
  }

  @Test
  void aFlushDoesNotReturnBeforeTheBlocksOfAnUnfinishedFlushAreLogged() throws Exception {
    PartialBackend partial = partial();
    BlockSet logged = new BlockSet(GEOMETRY.blocks());
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    partial.logTo(
        runs -> {
          if (calls.getAndIncrement() == 0) {
            stuck.countDown();
            await(release);
          }
          runs.addTo(logged);
        });
    partial.write(ByteBuffer.allocate(512), 0);
    CompletableFuture<Void> slow =
        CompletableFuture.runAsync(() -> flush(partial), task -> Thread.startVirtualThread(task));
    assertTrue(stuck.await(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
    partial.flush();
    assertTrue(logged.contains(0), "a crash now would bring the block's old bytes back");
    release.countDown();
    slow.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void aBlockOfAFailedFlushIsLoggedByTheNext() throws IOException {
    PartialBackend partial = partial();
    BlockSet logged = new BlockSet(GEOMETRY.blocks());
    AtomicInteger calls = new AtomicInteger();
    partial.logTo(
        runs -> {
          if (calls.getAndIncrement() == 0) {
            throw new IOException("full");
          }
          runs.addTo(logged);
        });
    partial.write(ByteBuffer.allocate(512), 1024);
    assertThrows(IOException.class, partial::flush);
    partial.write(ByteBuffer.allocate(512), 0);
    partial.flush();
    assertTrue(logged.contains(0) && logged.contains(2));
    int before = calls.get();
    partial.flush();
    assertEquals(before, calls.get(), "nothing new, so nothing to log");
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

  private static void readByte(PartialBackend partial) {
    try {
      partial.read(ByteBuffer.allocate(1), 0);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void flush(PartialBackend partial) {
    try {
      partial.flush();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static BlockRuns run(int from, int to) {
    BlockRuns runs = new BlockRuns();
    runs.add(from, to);
    return runs;
  }

  private static byte first(PartialBackend partial) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(1);
    partial.read(found, 0);
    return found.get(0);
  }

  @Test
  void whatHasChangedAtTheSourceIsFetchedAgain() throws IOException {
    AtomicInteger present = new AtomicInteger(1);
    PartialBackend partial =
        partial(
            (dst, offset) -> {
              while (dst.hasRemaining()) {
                dst.put((byte) present.get());
              }
            },
            PATIENCE);
    partial.read(ByteBuffer.allocate((int) GEOMETRY.size()), 0);
    assertTrue(partial.isWhole());
    present.set(2);
    assertEquals(1, first(partial));
    partial.changed(run(0, 2));
    assertFalse(partial.isWhole());
    assertEquals(2, missing.count());
    assertEquals(2, first(partial));
  }

  @Test
  void whatWasAskedForBeforeAChangeDoesNotMakeABlockLocal() throws IOException {
    PartialBackend partial = partial();
    partial.asked(0, 4);
    long asked = partial.moment();
    partial.changed(run(0, 1));
    long later = partial.moment();
    partial.arrived(ByteBuffer.allocate(1024), 0, asked);
    partial.arrivedZero(1024, 1024, asked);
    assertTrue(missing.contains(0));
    assertFalse(missing.intersects(2, 4));
    partial.arrived(ByteBuffer.allocate(1024), 0, later);
    assertFalse(missing.intersects(0, 4));
  }

  @Test
  void aReadThatWasUnderWayAtAChangeLeavesTheBlockMissing() throws IOException {
    PartialBackend[] self = new PartialBackend[1];
    PartialBackend partial =
        partial(
            (dst, offset) -> {
              ones(dst, offset);
              if (fetches.get() == 1) {
                self[0].changed(run(0, 1));
              }
            },
            PATIENCE);
    self[0] = partial;
    assertEquals(1, first(partial));
    assertTrue(missing.contains(0));
    assertEquals(1, first(partial));
    assertFalse(missing.contains(0));
  }
}
