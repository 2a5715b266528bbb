package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.Contents;
import dev.godwit.backend.Extent;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.chunk.FencedException;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.mount.MountClient.Access;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Session;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Direct mounts. */
@Timeout(60)
class RemoteBackendTest {
  private static final int SIZE = 3 * 1024 * 1024 + 777;

  private static void step(RemoteBackend mount, byte[] oracle, Random random) throws IOException {
    int length = random.nextInt(8) == 0 ? random.nextInt(oracle.length) : random.nextInt(20_000);
    int offset = random.nextInt(oracle.length - length + 1);
    switch (random.nextInt(5)) {
      case 0, 1 -> {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        mount.write(ByteBuffer.wrap(bytes), offset);
        System.arraycopy(bytes, 0, oracle, offset, length);
      }
      case 2 -> {
        mount.zero(offset, length, random.nextBoolean() ? Holes.ALLOWED : Holes.FORBIDDEN);
        Arrays.fill(oracle, offset, offset + length, (byte) 0);
      }
      case 3 -> mount.flush();
      default -> {
        ByteBuffer found = ByteBuffer.allocate(length);
        mount.read(found, offset);
        assertArrayEquals(Arrays.copyOfRange(oracle, offset, offset + length), found.array());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void isLikeALocalOne(long seed) throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      RemoteBackend mount = fixture.direct(fixture.mesh.member("bob"), Access.WRITE);
      byte[] oracle = new byte[SIZE];
      Random random = new Random(seed);
      for (int i = 0; i < 150; i++) {
        step(mount, oracle, random);
      }
      assertArrayEquals(oracle, Contents.of(fixture.state), "seed " + seed);
    }
  }

  @Test
  void losesNoAcknowledgedWriteWhenConnectionsDieAllTheTime() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      RemoteBackend mount = fixture.direct(fixture.mesh.member("bob"), Access.WRITE);
      byte[] oracle = new byte[SIZE];
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
      Random random = new Random(4);
      for (int i = 0; i < 400; i++) {
        step(mount, oracle, random);
      }
      over.set(true);
      cutting.join();
      assertArrayEquals(oracle, Contents.of(fixture.state));
    }
  }

  @Test
  void aHoleOfTheOwnerIsAHoleHere() throws Exception {
    try (var fixture = new MountFixture(10L << 30)) {
      fixture.state.write(ByteBuffer.wrap(new byte[] {1}), 7L << 30);
      RemoteBackend mount = fixture.direct(fixture.mesh.member("bob"), Access.READ);
      List<Extent> extents = new ArrayList<>();
      mount.extents(
          1, (10L << 30) - 1, (at, length, kind) -> extents.add(new Extent(at, length, kind)));
      assertEquals(Extent.Kind.HOLE, extents.getFirst().kind());
      assertEquals(1, extents.getFirst().offset());
      assertEquals(7L << 30, extents.get(1).offset());
      assertEquals(Extent.Kind.DATA, extents.get(1).kind());
      assertEquals(10L << 30, extents.getLast().end());
      assertEquals(3, extents.size());
    }
  }

  @Test
  void anOwnerWhoseLeaseIsTooShortToRenewIsRefused() throws Exception {
    try (var fixture = new MountFixture(100)) {
      fixture.ownerBegins(MountHost.Writers.MOUNTS, Duration.ofMillis(999));
      assertThrows(
          ProtocolException.class, () -> fixture.direct(fixture.mesh.member("bob"), Access.WRITE));
    }
  }

  @Test
  void whatIsOutsideIsRefusedHere() throws Exception {
    try (var fixture = new MountFixture(100)) {
      RemoteBackend mount = fixture.direct(fixture.mesh.member("bob"), Access.WRITE);
      assertThrows(OutOfRangeException.class, () -> mount.read(ByteBuffer.allocate(2), 99));
      assertThrows(OutOfRangeException.class, () -> mount.write(ByteBuffer.allocate(2), 99));
      assertThrows(OutOfRangeException.class, () -> mount.zero(0, 101, Holes.ALLOWED));
    }
  }

  @Test
  void thereIsOneWriterAndManyReaders() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      RemoteBackend bob = fixture.direct(fixture.mesh.member("bob"), Access.WRITE);
      RemoteException refused =
          assertThrows(
              RemoteException.class,
              () -> fixture.direct(fixture.mesh.member("carol"), Access.WRITE));
      assertEquals(Failure.Code.BUSY, refused.code());
      assertTrue(String.valueOf(refused.getMessage()).contains("bob"), refused::getMessage);
      RemoteBackend dave = fixture.direct(fixture.mesh.member("dave"), Access.READ);
      bob.write(ByteBuffer.wrap(new byte[] {42}), 5);
      ByteBuffer found = ByteBuffer.allocate(1);
      dave.read(found, 5);
      assertEquals(42, found.get(0));
      assertThrows(FencedException.class, () -> dave.write(ByteBuffer.allocate(1), 0));
    }
  }

  @Test
  void whenTheLeaseHasRunOutAnotherMayWriteAndTheFirstMayNotAnyMore() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      RemoteBackend bob = fixture.direct(fixture.mesh.member("bob"), Access.WRITE);
      bob.write(ByteBuffer.wrap(new byte[] {1}), 0);
      fixture.nanos.addAndGet(MountFixture.LEASE.toNanos() + 1);
      RemoteBackend carol = fixture.direct(fixture.mesh.member("carol"), Access.WRITE);
      carol.write(ByteBuffer.wrap(new byte[] {2}), 0);
      assertThrows(IOException.class, () -> bob.write(ByteBuffer.wrap(new byte[] {3}), 0));
      assertThrows(IOException.class, bob::flush);
      assertEquals(2, Contents.of(fixture.state)[0]);
    }
  }

  @Test
  void aLeaseThatNobodyElseWantedGoesOn() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      RemoteBackend bob = fixture.direct(fixture.mesh.member("bob"), Access.WRITE);
      fixture.nanos.addAndGet(MountFixture.LEASE.toNanos() * 10);
      bob.write(ByteBuffer.wrap(new byte[] {3}), 0);
      assertEquals(3, Contents.of(fixture.state)[0]);
    }
  }

  @Test
  void aProgramOnTheOwnersMachineKeepsMountsFromWriting() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      fixture.ownerBegins(MountHost.Writers.LOCAL_PROGRAM);
      assertThrows(
          RemoteException.class, () -> fixture.direct(fixture.mesh.member("bob"), Access.WRITE));
      RemoteBackend _ = fixture.direct(fixture.mesh.member("bob"), Access.READ);
    }
  }

  @Test
  void whoMayOnlyReadDoesNotWrite() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      var eve = fixture.mesh.member("eve", List.of(new Grant("*", EnumSet.of(Capability.READ))));
      RemoteException refused =
          assertThrows(RemoteException.class, () -> fixture.direct(eve, Access.WRITE));
      assertEquals(Failure.Code.NOT_ALLOWED, refused.code());
      RemoteBackend _ = fixture.direct(eve, Access.READ);
    }
  }

  @Test
  void anOwnerThatComesBackGoesOnWithTheLease() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      RemoteBackend bob = fixture.direct(fixture.mesh.member("bob"), Access.WRITE);
      bob.write(ByteBuffer.wrap(new byte[] {1}), 0);
      bob.flush();
      fixture.ownerEnds();
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      bob.write(ByteBuffer.wrap(new byte[] {2}), 1);
      bob.flush();
      assertEquals(2, Contents.of(fixture.state)[1]);
      assertThrows(
          RemoteException.class, () -> fixture.direct(fixture.mesh.member("carol"), Access.WRITE));
    }
  }

  @Test
  void aFlushFailsForGoodWhenTheOwnerBeganAnewSinceAWrite() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      RemoteBackend bob = fixture.direct(fixture.mesh.member("bob"), Access.WRITE);
      bob.write(ByteBuffer.wrap(new byte[] {1}), 0);
      fixture.ownerEnds();
      fixture.ownerBegins(MountHost.Writers.MOUNTS);
      assertThrows(IOException.class, bob::flush);
      assertThrows(IOException.class, bob::flush);
      assertThrows(IOException.class, () -> bob.write(ByteBuffer.allocate(1), 0));
    }
  }

  @Test
  void requestsThatMakeNoSenseAreRefusedAndTheSessionGoesOn() throws Exception {
    try (var fixture = new MountFixture(SIZE)) {
      Session session = fixture.session(fixture.mesh.member("bob"));
      for (byte operation = 0; operation < 20; operation++) {
        byte asked = operation;
        // These ask for nothing that could make no sense.
        if (asked != MountOperation.PROFILE
            && asked != MountOperation.HOT
            && asked != MountOperation.CLOSE
            && asked != MountOperation.CHANGES
            && asked != MountOperation.EXTENTS) {
          ByteBuffer nonsense = ByteBuffer.wrap(new byte[] {1, 2, 3});
          assertThrows(
              RemoteException.class,
              () -> session.callWith(asked, nonsense, MountFixture.LIMIT),
              () -> "operation " + asked);
        }
      }
      MountClient client = new MountClient(session);
      MountClient.Opened opened =
          client.open(MountId.random(MountFixture.RANDOM), Access.READ, 0, false);
      assertEquals(SIZE, opened.geometry().size());
      assertEquals(1, fixture.connections.size());
    }
  }
}
