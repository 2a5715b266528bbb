package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.Contents;
import dev.godwit.backend.ForwardingBackend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.PullOrder;
import dev.godwit.mount.MountClient.Access;
import dev.godwit.pullorder.AccessProfile;
import dev.godwit.pullorder.ByteRange;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Session;
import dev.godwit.testing.Patience;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManagedMountTest {
  private static final int SIZE = 3 * 1024 * 1024 + 777;

  private static void fill(Backend backend, long seed) throws IOException {
    byte[] bytes = new byte[(int) backend.size()];
    new Random(seed).nextBytes(bytes);
    backend.write(ByteBuffer.wrap(bytes), 0);
    backend.flush();
  }

  /** A program, which knows what it wrote, and what of that it has flushed. */
  private static final class Program {
    final byte[] present;
    final byte[] flushed;

    /** Bytes that were written since the last flush: after a crash they may be either. */
    final boolean[] open;

    Program(byte[] contents) {
      this.present = contents.clone();
      this.flushed = contents.clone();
      this.open = new boolean[contents.length];
    }

    void step(Backend device, Random random) throws IOException {
      int length = random.nextInt(6) == 0 ? random.nextInt(200_000) : random.nextInt(12_000);
      int offset = random.nextInt(present.length - length + 1);
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> {
          byte[] bytes = new byte[length];
          random.nextBytes(bytes);
          Arrays.fill(open, offset, offset + length, true);
          System.arraycopy(bytes, 0, present, offset, length);
          device.write(ByteBuffer.wrap(bytes), offset);
        }
        case 3 -> {
          Arrays.fill(open, offset, offset + length, true);
          Arrays.fill(present, offset, offset + length, (byte) 0);
          device.zero(offset, length, Holes.ALLOWED);
        }
        case 4 -> {
          device.flush();
          System.arraycopy(present, 0, flushed, 0, present.length);
          Arrays.fill(open, false);
        }
        default -> {
          ByteBuffer found = ByteBuffer.allocate(length);
          device.read(found, offset);
          assertArrayEquals(Arrays.copyOfRange(present, offset, offset + length), found.array());
        }
      }
    }

    /** After a crash: what was flushed is there, unless it was written again later. */
    void crashed(byte[] found) {
      for (int i = 0; i < found.length; i++) {
        if (!open[i]) {
          assertEquals(flushed[i], found[i], "lost at byte " + i);
        }
      }
      System.arraycopy(found, 0, present, 0, found.length);
      System.arraycopy(found, 0, flushed, 0, found.length);
      Arrays.fill(open, false);
    }
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void isLikeALocalDiskAndTheOwnerHasEverythingAtTheEnd(Durability durability) throws Exception {
    for (long seed = 1; seed <= 4; seed++) {
      try (var fixture = new MountFixture(SIZE)) {
        fill(fixture.state, seed);
        Program program = new Program(Contents.of(fixture.state));
        ManagedMount mount = fixture.machine("bob").mount(MountFixture.settings(durability));
        Random random = new Random(seed);
        for (int i = 0; i < 150; i++) {
          program.step(mount.device(), random);
        }
        assertEquals(0, mount.end(MountFixture.LIMIT));
        assertArrayEquals(program.present, Contents.of(fixture.state), "seed " + seed);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void losesNothingThatWasFlushedWhenItDies(Durability durability) throws Exception {
    for (long seed = 1; seed <= 6; seed++) {
      try (var fixture = new MountFixture(SIZE)) {
        fill(fixture.state, seed);
        Program program = new Program(Contents.of(fixture.state));
        Random random = new Random(seed);
        MountFixture.Machine bob = fixture.machine("bob");
        for (int life = 0; life < 4; life++) {
          ManagedMount mount = bob.mount(MountFixture.settings(durability));
          if (life > 0) {
            program.crashed(Contents.of(mount.device()));
          }
          for (int i = 0; i < 40; i++) {
            program.step(mount.device(), random);
          }
          bob.dies(mount);
        }
        ManagedMount last = bob.mount(MountFixture.settings(durability));
        program.crashed(Contents.of(last.device()));
        assertEquals(0, last.end(MountFixture.LIMIT));
        assertArrayEquals(program.present, Contents.of(fixture.state), "seed " + seed);
      }
    }
  }

  @Test
  void losesNothingWhenItDiesWhileEachSmallWriteIsFlushed() throws Exception {
    for (long seed = 1; seed <= 3; seed++) {
      try (var fixture = new MountFixture(SIZE)) {
        fill(fixture.state, seed);
        byte[] expected = Contents.of(fixture.state);
        Random random = new Random(seed);
        MountFixture.Machine bob = fixture.machine("bob");
        for (int life = 0; life < 4; life++) {
          ManagedMount mount = bob.mount(MountFixture.settings(Durability.LOCAL));
          for (int i = 0; i < 200; i++) {
            byte[] bytes = new byte[1 + random.nextInt(5000)];
            random.nextBytes(bytes);
            int offset = random.nextInt(SIZE - bytes.length);
            System.arraycopy(bytes, 0, expected, offset, bytes.length);
            mount.device().write(ByteBuffer.wrap(bytes), offset);
            mount.device().flush();
          }
          bob.dies(mount);
        }
        ManagedMount last = bob.mount(MountFixture.settings(Durability.LOCAL));
        assertArrayEquals(expected, Contents.of(last.device()), "seed " + seed);
        assertEquals(0, last.end(MountFixture.LIMIT));
        assertArrayEquals(expected, Contents.of(fixture.state), "seed " + seed);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void losesNothingWhenTheOwnerLosesPowerAgainAndAgain(Durability durability) throws Exception {
    for (long seed = 1; seed <= 6; seed++) {
      PowerLossBackend disk = new PowerLossBackend(SIZE);
      try (var fixture = new MountFixture(disk)) {
        fill(disk, seed);
        Program program = new Program(Contents.of(disk));
        ManagedMount mount = fixture.machine("bob").mount(MountFixture.settings(durability));
        Random random = new Random(seed);
        for (int i = 0; i < 150; i++) {
          program.step(mount.device(), random);
          if (random.nextInt(15) == 0) {
            fixture.ownerEnds();
            disk.losePower(random);
            fixture.ownerBegins(MountHost.Writers.MOUNTS);
          }
        }
        assertEquals(0, mount.end(MountFixture.LIMIT));
        assertArrayEquals(program.present, Contents.of(disk), "seed " + seed);
      }
    }
  }

  @Test
  void losesNothingWhenConnectionsDieAllTheTime() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fill(fixture.state, 9);
      Program program = new Program(Contents.of(fixture.state));
      ManagedMount mount = fixture.machine("bob").mount(MountFixture.settings(Durability.REMOTE));
      AtomicBoolean over = new AtomicBoolean();
      Thread cutting =
          Thread.ofPlatform()
              .start(
                  () -> {
                    Random random = new Random(5);
                    while (!over.get()) {
                      LockSupport.parkNanos(random.nextInt(20_000_000));
                      fixture.cut();
                    }
                  });
      Random random = new Random(9);
      for (int i = 0; i < 200; i++) {
        program.step(mount.device(), random);
      }
      over.set(true);
      cutting.join();
      assertEquals(0, mount.end(MountFixture.LIMIT));
      assertArrayEquals(program.present, Contents.of(fixture.state));
    }
  }

  /** Counts what is read of it. */
  private static final class CountingBackend extends ForwardingBackend {
    final AtomicLong readBytes = new AtomicLong();

    CountingBackend(Backend below) {
      super(below);
    }

    @Override
    public void read(ByteBuffer dst, long offset) throws IOException {
      readBytes.addAndGet(dst.remaining());
      super.read(dst, offset);
    }
  }

  private static ManagedMount.Settings onDemand() {
    return new ManagedMount.Settings(
        Durability.REMOTE,
        MountFixture.LIMIT,
        resource -> PullOrder.linear(),
        ManagedMount.Pull.NOTHING,
        Duration.ofMillis(20),
        Duration.ofMillis(20),
        1 << 30);
  }

  /** A mount that has everything and acknowledges here; its owner has gone. */
  private static ManagedMount wholeWithoutOwner(MountFixture fixture, MountFixture.Machine machine)
      throws Exception {
    fill(fixture.state, 1);
    ManagedMount mount = machine.mount(MountFixture.settings(Durability.LOCAL));
    byte[] _ = Contents.of(mount.device());
    fixture.ownerEnds();
    return mount;
  }

  /** Somebody else has the next lease, and writes a byte at 100. */
  private static void carolWrites(MountFixture fixture, int value) throws Exception {
    fixture.nanos.addAndGet(MountFixture.LEASE.toNanos() + 1);
    ManagedMount carol = fixture.machine("carol").mount(onDemand());
    carol.device().write(ByteBuffer.wrap(new byte[] {(byte) value}), 100);
    assertEquals(0, carol.end(MountFixture.LIMIT));
  }

  @Test
  void writesOfWholeBlocksFetchNothing() throws Exception {
    CountingBackend disk = new CountingBackend(new MemoryBackend(SIZE));
    try (var fixture = new MountFixture(disk)) {
      fill(disk, 1);
      ManagedMount mount = fixture.machine("bob").mount(onDemand());
      disk.readBytes.set(0);
      mount.device().write(ByteBuffer.allocate(3 * 4096), 5 * 4096);
      mount.device().flush();
      assertEquals(0, disk.readBytes.get());
      assertEquals(0, mount.end(MountFixture.LIMIT));
      assertEquals(0, disk.readBytes.get());
    }
  }

  @Test
  void aCacheThatEndedInOrderIsUsedAgainWhenNobodyElseHasWritten() throws Exception {
    CountingBackend disk = new CountingBackend(new MemoryBackend(SIZE));
    try (var fixture = new MountFixture(disk)) {
      fill(disk, 1);
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(onDemand());
      byte[] contents = Contents.of(mount.device());
      assertEquals(0, mount.end(MountFixture.LIMIT));
      disk.readBytes.set(0);
      ManagedMount again = bob.mount(onDemand());
      assertArrayEquals(contents, Contents.of(again.device()));
      assertEquals(0, disk.readBytes.get());
      assertEquals(0, again.end(MountFixture.LIMIT));
    }
  }

  @Test
  void aCacheIsNotUsedAgainWhenSomebodyElseHasWritten() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fill(fixture.state, 1);
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(onDemand());
      byte[] _ = Contents.of(mount.device());
      assertEquals(0, mount.end(MountFixture.LIMIT));
      ManagedMount carol = fixture.machine("carol").mount(onDemand());
      carol.device().write(ByteBuffer.wrap(new byte[] {77}), 12345);
      assertEquals(0, carol.end(MountFixture.LIMIT));
      ManagedMount again = bob.mount(onDemand());
      assertEquals(77, Contents.of(again.device())[12345]);
      assertEquals(0, again.end(MountFixture.LIMIT));
    }
  }

  @Test
  void unsavedBytesAreKeptWhenTheOwnerIsGoneAndSavedByTheNextMount() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = wholeWithoutOwner(fixture, bob);
      mount.device().write(ByteBuffer.wrap(new byte[] {5, 6, 7}), 100);
      mount.device().flush();
      assertTrue(mount.unsavedBytes() >= 3);
      assertEquals(4096, bob.ends(mount, Duration.ofMillis(300)));
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      ManagedMount again = bob.mount(MountFixture.settings(Durability.LOCAL));
      assertEquals(6, Contents.of(again.device())[101]);
      assertEquals(0, again.end(MountFixture.LIMIT));
      assertEquals(7, Contents.of(fixture.state)[102]);
    }
  }

  @Test
  void flushesOfWritesToOneChunkNeedOneEntryAndNothingIsLeftWhenAllIsSaved() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = wholeWithoutOwner(fixture, bob);
      mount.device().write(ByteBuffer.wrap(new byte[] {5}), 100);
      mount.device().flush();
      int entries = bob.log.entries().size();
      mount.device().write(ByteBuffer.wrap(new byte[] {6}), 5000);
      mount.device().flush();
      assertEquals(entries, bob.log.entries().size());
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      assertEquals(0, mount.end(MountFixture.LIMIT));
      assertEquals(6, Contents.of(fixture.state)[5000]);
    }
  }

  @Test
  void anEndInTheMiddleOfSavingLeavesACacheThatCanBeUsed() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(MountFixture.settings(Durability.LOCAL));
      fixture.ownerEnds();
      mount.device().write(ByteBuffer.wrap(new byte[] {5}), 100);
      assertEquals(4096, bob.ends(mount, Duration.ZERO));
      assertEquals(1, new CacheJournal(bob.log).unsaved().count());
    }
  }

  @Test
  void whatIsNotSavedIsKeptBeforeTheEndWaitsForTheOwner() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(MountFixture.settings(Durability.REMOTE));
      fixture.ownerEnds();
      mount.device().write(ByteBuffer.wrap(new byte[] {5}), 100);
      CompletableFuture<Long> ending = new CompletableFuture<>();
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  ending.complete(mount.end(MountFixture.LIMIT));
                } catch (IOException e) {
                  ending.completeExceptionally(e);
                }
              });
      while (new CacheJournal(bob.log).unsaved().isEmpty()) {
        assertFalse(ending.isDone(), "it waits for the owner");
        Thread.onSpinWait();
      }
      assertFalse(ending.isDone(), "it waits for the owner");
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      assertEquals(0, ending.get());
      assertTrue(new CacheJournal(bob.log).unsaved().isEmpty());
      assertEquals(5, Contents.of(fixture.state)[100]);
    }
  }

  @Test
  void anEndWithAWriteUnderWayIsNoOrderlyOne() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine bob = fixture.machine("bob");
      fill(fixture.state, 1);
      ManagedMount mount = bob.mount(onDemand());
      fixture.ownerEnds();
      CountDownLatch begun = new CountDownLatch(1);
      Thread writing =
          Thread.ofVirtual()
              .start(
                  () -> {
                    begun.countDown();
                    assertThrows(
                        IOException.class,
                        () -> mount.device().write(ByteBuffer.wrap(new byte[] {5}), 100));
                  });
      begun.await();
      await(() -> writing.getState() == Thread.State.TIMED_WAITING);
      assertEquals(0, bob.ends(mount, Duration.ofMillis(300)));
      assertNull(new CacheJournal(bob.log).whole());
      writing.join();
    }
  }

  @Test
  void unsavedBytesDoNotReplaceWhatSomebodyElseHasWritten() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(MountFixture.settings(Durability.LOCAL));
      fixture.ownerEnds();
      mount.device().write(ByteBuffer.wrap(new byte[] {5}), 100);
      mount.device().flush();
      assertEquals(4096, bob.ends(mount, Duration.ofMillis(100)));
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      carolWrites(fixture, 9);
      RemoteException refused =
          assertThrows(
              RemoteException.class, () -> bob.mount(MountFixture.settings(Durability.LOCAL)));
      assertEquals(Failure.Code.CONFLICT, refused.code());
      assertEquals(9, Contents.of(fixture.state)[100]);
    }
  }

  @Test
  void aCacheWithUnsavedBytesIsNotMountedToBeReadOnly() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = wholeWithoutOwner(fixture, bob);
      mount.device().write(ByteBuffer.wrap(new byte[] {5}), 100);
      mount.device().flush();
      assertEquals(4096, bob.ends(mount, Duration.ofMillis(300)));
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      carolWrites(fixture, 77);
      IOException refused =
          assertThrows(IOException.class, () -> bob.mount(Access.READ, onDemand()));
      assertTrue(String.valueOf(refused.getMessage()).contains("not saved"), refused::getMessage);
      assertThrows(RemoteException.class, () -> bob.mount(onDemand()));
      assertEquals(77, Contents.of(fixture.state)[100]);
    }
  }

  @Test
  void cachedReadsGoOnWhileTheOwnerIsAwayAndOthersFailInTime() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fill(fixture.state, 1);
      ManagedMount.Settings impatient =
          new ManagedMount.Settings(
              Durability.REMOTE,
              Duration.ofMillis(200),
              resource -> PullOrder.linear(),
              ManagedMount.Pull.NOTHING,
              Duration.ofMillis(20),
              Duration.ofMillis(20),
              1 << 30);
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(impatient);
      ByteBuffer first = ByteBuffer.allocate(4096);
      mount.device().read(first, 0);
      fixture.ownerEnds();
      mount.device().read(first.clear(), 0);
      assertThrows(
          IOException.class, () -> mount.device().read(ByteBuffer.allocate(4096), 1 << 20));
      mount.device().write(ByteBuffer.allocate(4096), 2 << 20);
      assertThrows(IOException.class, () -> mount.device().flush());
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      mount.device().read(ByteBuffer.allocate(4096), 1 << 20);
      assertEquals(0, mount.end(MountFixture.LIMIT));
    }
  }

  @Test
  void writesWaitWhenTooMuchIsUnsavedAndFailWhenTheOwnerStaysAway() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      ManagedMount.Settings narrow =
          new ManagedMount.Settings(
              Durability.REMOTE,
              Duration.ofMillis(300),
              resource -> PullOrder.linear(),
              ManagedMount.Pull.NOTHING,
              Duration.ofMillis(20),
              Duration.ofMillis(20),
              1 << 20);
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(narrow);
      byte[] bytes = new byte[64 * 1024];
      Arrays.fill(bytes, (byte) 1);
      for (int i = 0; i < 40; i++) {
        mount.device().write(ByteBuffer.wrap(bytes), i * 65536L);
      }
      fixture.ownerEnds();
      IOException full =
          assertThrows(
              IOException.class,
              () -> {
                for (int i = 0; i < 40; i++) {
                  mount.device().write(ByteBuffer.wrap(bytes), i * 65536L);
                }
              });
      assertTrue(String.valueOf(full.getMessage()).contains("wait to be saved"), full::getMessage);
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      assertEquals(0, mount.end(MountFixture.LIMIT));
    }
  }

  @Test
  void aMountWhoseLeaseWasTakenFails() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(onDemand());
      fixture.nanos.addAndGet(MountFixture.LEASE.toNanos() + 1);
      ManagedMount carol = fixture.machine("carol").mount(onDemand());
      mount.device().write(ByteBuffer.wrap(new byte[] {1}), 0);
      assertThrows(IOException.class, () -> mount.device().flush());
      assertEquals(4096, mount.end(Duration.ofMillis(200)));
      assertEquals(0, carol.end(MountFixture.LIMIT));
      assertEquals(0, Contents.of(fixture.state)[0]);
    }
  }

  @Test
  void whatProgramsReadMostAtTheOwnerIsOfferedToTheOrder() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fixture.hot.read(2 << 20, 4096);
      assertEquals(List.of(new ByteRange(2 << 20, 64 << 10)), hot(fixture, "bob"));
    }
  }

  @Test
  void nothingIsHotWhereNothingWasRead() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      assertEquals(List.of(), hot(fixture, "bob"));
    }
  }

  private static List<ByteRange> hot(MountFixture fixture, String name) throws Exception {
    CompletableFuture<Optional<AccessProfile>> asked = new CompletableFuture<>();
    ManagedMount.Settings standard = MountFixture.settings(Durability.LOCAL);
    ManagedMount mount =
        fixture
            .machine(name)
            .mount(
                new ManagedMount.Settings(
                    standard.durability(),
                    standard.timeout(),
                    resource -> {
                      asked.complete(resource.hot());
                      return PullOrder.linear();
                    },
                    ManagedMount.Pull.IN_BACKGROUND,
                    standard.pushInterval(),
                    standard.follow(),
                    standard.mostUnsaved()));
    Optional<AccessProfile> hot = asked.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    assertEquals(0, mount.end(MountFixture.LIMIT));
    return hot.isEmpty() ? List.of() : hot.get().ranges("disk", SIZE);
  }

  @Test
  void everythingComesInTheBackground() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fill(fixture.state, 1);
      MountFixture.Machine bob = fixture.machine("bob");
      ManagedMount mount = bob.mount(MountFixture.settings(Durability.REMOTE));
      await(() -> mount.missingBytes() == 0);
      assertArrayEquals(Contents.of(fixture.state), Contents.of(bob.cache));
      assertEquals(0, mount.end(MountFixture.LIMIT));
    }
  }

  @Test
  void aReaderSeesNoLeaseAndWritesNothing() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fill(fixture.state, 1);
      ManagedMount writer = fixture.machine("bob").mount(onDemand());
      ManagedMount reader = fixture.machine("carol").mount(Access.READ, onDemand());
      assertArrayEquals(Contents.of(fixture.state), Contents.of(reader.device()));
      assertThrows(IOException.class, () -> reader.device().write(ByteBuffer.allocate(1), 0));
      assertEquals(0, reader.end(MountFixture.LIMIT));
      assertEquals(0, writer.end(MountFixture.LIMIT));
    }
  }

  private static byte at(Mount mount, long offset) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(1);
    mount.device().read(found, offset);
    return found.get(0);
  }

  /** Looks until it is so; the test's timeout ends this when it never is. */
  private static void await(Callable<Boolean> condition) throws Exception {
    while (!condition.call()) {
      if (Thread.interrupted()) {
        throw new InterruptedException("it has not become so");
      }
      Thread.onSpinWait();
    }
  }

  private static void awaitByte(int expected, Mount mount, long offset) throws Exception {
    await(() -> at(mount, offset) == expected);
  }

  @ParameterizedTest
  @EnumSource(
      value = ManagedMount.Pull.class,
      names = {"NOTHING", "IN_BACKGROUND"})
  void aReaderSeesWhatAnotherMountWrites(ManagedMount.Pull pull) throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      ManagedMount reader =
          fixture
              .machine("carol")
              .mount(
                  Access.READ,
                  switch (pull) {
                    case NOTHING -> onDemand();
                    case IN_BACKGROUND, FIRST -> MountFixture.settings(Durability.REMOTE);
                  });
      byte[] _ = Contents.of(reader.device());
      ManagedMount writer = fixture.machine("bob").mount(onDemand());
      for (int value = 1; value < 20; value++) {
        int offset = value * 100_000;
        writer.device().write(ByteBuffer.wrap(new byte[] {(byte) value}), offset);
        writer.device().flush();
        awaitByte(value, reader, offset);
      }
      writer.device().zero(100_000, 1_000_000, Holes.ALLOWED);
      writer.device().flush();
      writer.device().write(ByteBuffer.wrap(new byte[] {99}), 0);
      awaitByte(99, reader, 0);
      assertArrayEquals(Contents.of(fixture.state), Contents.of(reader.device()));
      assertEquals(0, reader.end(MountFixture.LIMIT));
      assertEquals(0, writer.end(MountFixture.LIMIT));
    }
  }

  @Test
  void whatChangedIsFetchedAgainInTheBackground() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fill(fixture.device, 1);
      MountFixture.Machine carol = fixture.machine("carol");
      ManagedMount reader = carol.mount(Access.READ, MountFixture.settings(Durability.REMOTE));
      await(() -> reader.missingBytes() == 0);
      fill(fixture.device, 2);
      await(() -> Arrays.equals(Contents.of(fixture.state), Contents.of(carol.cache)));
      assertEquals(0, reader.end(MountFixture.LIMIT));
    }
  }

  /** Programs write at the owner, and a reader has it all once they have ended. */
  @Test
  void aReaderHasWhatTheOwnerHasOnceItIsQuiet() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    try (var fixture = new MountFixture(SIZE)) {
      fill(fixture.device, seed);
      ManagedMount reader =
          fixture.machine("carol").mount(Access.READ, MountFixture.settings(Durability.REMOTE));
      // Nothing is written here until the end, so that it is seen by being told only.
      long quiet = SIZE - 1;
      int _ = at(reader, quiet);
      for (int write = 0; write < 3000; write++) {
        byte[] bytes = new byte[1 + random.nextInt(20_000)];
        random.nextBytes(bytes);
        int offset = random.nextInt(SIZE - 2 * 4096 - bytes.length);
        fixture.device.write(ByteBuffer.wrap(bytes), offset);
        if (write % 10 == 0) {
          int _ = at(reader, random.nextInt(SIZE));
        }
        if (write % 1000 == 0) {
          fixture.cut();
        }
      }
      byte[] last = {(byte) (Contents.of(fixture.state)[(int) quiet] + 1)};
      fixture.device.write(ByteBuffer.wrap(last), quiet);
      awaitByte(last[0], reader, quiet);
      assertArrayEquals(
          Contents.of(fixture.state), Contents.of(reader.device()), () -> "seed " + seed);
      assertEquals(0, reader.end(MountFixture.LIMIT));
    }
  }

  @Test
  void aReaderFetchesAllAgainWhenTheOwnerBeginsAnew() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fill(fixture.state, 1);
      ManagedMount reader = fixture.machine("carol").mount(Access.READ, onDemand());
      byte[] _ = Contents.of(reader.device());
      fixture.ownerEnds();
      fill(fixture.state, 2);
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      awaitByte(Contents.of(fixture.state)[0], reader, 0);
      assertArrayEquals(Contents.of(fixture.state), Contents.of(reader.device()));
      assertEquals(0, reader.end(MountFixture.LIMIT));
    }
  }

  @Test
  void whoListensHearsWhatOthersHaveChanged() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      MountFixture.Machine carol = fixture.machine("carol");
      ManagedMount managed = carol.mount(Access.READ, onDemand());
      Session session = fixture.session(fixture.mesh.member("dora"));
      MountClient client = new MountClient(session);
      MountClient.Opened opened =
          client.open(MountId.random(MountFixture.RANDOM), Access.READ, 0, false);
      DirectMount direct =
          new DirectMount(
              session, client, Access.READ, opened, MountFixture.LIMIT, Duration.ofMillis(20));
      for (Mount mount : List.of(managed, direct)) {
        CompletableFuture<Integer> heard = new CompletableFuture<>();
        mount.onChange(blocks -> heard.complete(blocks.from(0)));
        fixture.device.write(ByteBuffer.allocate(1), 5 * 4096 + 1);
        assertEquals(5, heard.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
        assertEquals(0, mount.end(MountFixture.LIMIT));
      }
    }
  }

  @Test
  void aReaderOfAResourceThatHasAnotherSizeByNowIsLost() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      ManagedMount reader = fixture.machine("carol").mount(Access.READ, onDemand());
      fixture.ownerEnds();
      fixture.ownerBegins(new MemoryBackend(SIZE + 4096));
      // It is never there: this ends when reads fail.
      assertThrows(IOException.class, () -> awaitByte(77, reader, 0));
      assertTrue(String.valueOf(reader.lost()).contains("bytes and has"));
      assertEquals(0, reader.end(MountFixture.LIMIT));
    }
  }

  @Test
  void aCacheThatWasFilledWhileAnotherMountWroteIsNotUsedAgain() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      ManagedMount writer = fixture.machine("bob").mount(onDemand());
      MountFixture.Machine carol = fixture.machine("carol");
      ManagedMount reader = carol.mount(Access.READ, onDemand());
      byte[] _ = Contents.of(reader.device());
      assertEquals(0, reader.end(MountFixture.LIMIT));
      writer.device().write(ByteBuffer.wrap(new byte[] {77}), 12345);
      assertEquals(0, writer.end(MountFixture.LIMIT));
      ManagedMount again = carol.mount(Access.READ, onDemand());
      assertEquals(77, at(again, 12345));
      assertEquals(0, again.end(MountFixture.LIMIT));
    }
  }

  @Test
  void aCacheThatWasFilledWhileAProgramOfTheOwnerWroteIsNotUsedAgain() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fixture.ownerEnds();
      fixture.programOfTheOwnerBegins();
      MountFixture.Machine carol = fixture.machine("carol");
      ManagedMount reader = carol.mount(Access.READ, onDemand());
      byte[] _ = Contents.of(reader.device());
      assertEquals(0, reader.end(MountFixture.LIMIT));
      fixture.device.write(ByteBuffer.wrap(new byte[] {77}), 12345);
      fixture.ownerEnds();
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      ManagedMount again = carol.mount(Access.READ, onDemand());
      assertEquals(77, at(again, 12345));
      assertEquals(0, again.end(MountFixture.LIMIT));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 511, 4096, 4097, 65537})
  void mountsStateOfAnySize(long size) throws Exception {
    try (var fixture = new MountFixture(size)) {
      fill(fixture.state, size);
      byte[] contents = Contents.of(fixture.state);
      ManagedMount mount = fixture.machine("bob").mount(MountFixture.settings(Durability.REMOTE));
      assertArrayEquals(contents, Contents.of(mount.device()));
      if (size > 0) {
        mount.device().write(ByteBuffer.wrap(new byte[] {9}), size - 1);
        contents[(int) size - 1] = 9;
      }
      assertEquals(0, mount.end(MountFixture.LIMIT));
      assertArrayEquals(contents, Contents.of(fixture.state));
    }
  }
}
