package dev.godwit.migration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Contents;
import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.FencedException;
import dev.godwit.identity.Octets;
import dev.godwit.log.MemoryLog;
import dev.godwit.log.StableLog;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.pull.RangeRead;
import dev.godwit.pull.RangeReader;
import dev.godwit.session.Lane;
import dev.godwit.session.RemoteException;
import dev.godwit.session.Request;
import dev.godwit.session.Session;
import dev.godwit.testing.Patience;
import dev.godwit.testing.Seeds;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.proto.DescribeReply;
import dev.godwit.wire.proto.DirtyList;
import dev.godwit.wire.proto.DirtyPageRequest;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is left of a migration after something went wrong, and how it goes on. */
@Timeout(60)
final class RecoveryTest {
  private static final int SIZE = (1 << 20) + 777;

  private static void fill(Backend backend) throws IOException {
    backend.write(ByteBuffer.wrap(Seeds.bytes(new Random(9), (int) backend.size())), 0);
  }

  /** A hook that does something when the program is stopped, and remembers whether it runs. */
  private static final class Program implements ProgramHook {
    final AtomicBoolean runs = new AtomicBoolean(true);
    private final AtomicReference<@Nullable Action> last = new AtomicReference<>();
    private final AtomicInteger failures = new AtomicInteger();

    interface Action {
      void run() throws IOException;
    }

    @Override
    public void suspend() throws IOException {
      Action action = last.get();
      if (action != null) {
        action.run();
      }
      runs.set(false);
      if (failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        throw new IOException("it does not listen");
      }
    }

    @Override
    public void resume() {
      runs.set(true);
    }
  }

  /** Fails at one entry, which it has kept or not, and at all that follow. */
  private static final class DyingLog implements StableLog {
    private final MemoryLog kept;
    private final boolean keepsLast;
    private int left;

    DyingLog(MemoryLog kept, int left, boolean keepsLast) {
      this.kept = kept;
      this.left = left;
      this.keepsLast = keepsLast;
    }

    @Override
    public List<byte[]> entries() {
      return kept.entries();
    }

    private void die(Runnable entry) throws IOException {
      if (left > 0) {
        left--;
        entry.run();
        return;
      }
      if (left == 0 && keepsLast) {
        entry.run();
      }
      left = -1;
      throw new IOException("the disk is gone");
    }

    @Override
    public void append(byte[] entry) throws IOException {
      die(() -> kept.append(entry));
    }

    @Override
    public void replace(byte[] entry) throws IOException {
      die(() -> kept.replace(entry));
    }

    @Override
    public void close() {}
  }

  @ParameterizedTest
  @CsvSource({
    "0, true",
    "0, false",
    "1, true",
    "1, false",
    "2, true",
    "2, false",
    "3, true",
    "3, false",
    "4, true",
    "4, false"
  })
  void aLeecherWhoseJournalFailsAnywhereCompletesWhenItIsStartedAgain(int entries, boolean kept)
      throws Exception {
    Program program = new Program();
    try (var fixture = new MigrationFixture(SIZE, program)) {
      fill(fixture.seeder.device());
      program.last.set(
          () -> fixture.seeder.device().write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 70_000));
      LeecherState first;
      try (Session session = fixture.session()) {
        session.start();
        DyingLog log = new DyingLog((MemoryLog) fixture.leecherLog, entries, kept);
        first = fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings(), log).run();
      }
      Ownership journaled = new Journal(fixture.leecherLog).ownership();
      if (journaled instanceof Ownership.Owned) {
        assertInstanceOf(LeecherState.Failed.class, first);
      } else {
        assertNotEquals(new LeecherState.Complete(2), first);
        try (Session session = fixture.session()) {
          session.start();
          LeecherState second =
              fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings()).run();
          assertInstanceOf(LeecherState.Complete.class, second);
        }
      }
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
      assertTrue(!program.runs.get());
    }
  }

  @Test
  void aSeederThatDiesAfterTheHandoverServesTheRestWhenItIsBack() throws Exception {
    Program program = new Program();
    try (var fixture = new MigrationFixture(SIZE, program);
        Session session = fixture.session()) {
      fill(fixture.seeder.device());
      // Written just before the program stops, so that it has to be fetched behind the hand-over.
      program.last.set(
          () -> fixture.seeder.device().write(ByteBuffer.wrap(new byte[9999]), 100_000));
      ProgramHook restart =
          new ProgramHook() {
            @Override
            public void suspend() {}

            @Override
            public void resume() throws IOException {
              fixture.restartSeeder();
            }
          };
      session.start();
      Leecher leecher = fixture.leecher(session, restart, MigrationFixture.settings());
      assertEquals(new LeecherState.Complete(2), leecher.run());
      assertTrue(Objects.requireNonNull(leecher.handover()).missingBytes() >= 9999);
      assertInstanceOf(SeederState.Released.class, fixture.seeder.state());
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
    }
  }

  @Test
  void aSeederThatIsRestartedWhileItIsPulledIsPulledFromAnew() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      fill(fixture.seeder.device());
      session.start();
      AtomicInteger restarts = new AtomicInteger();
      Leecher leecher =
          fixture.leecher(
              session,
              ProgramHook.NONE,
              MigrationFixture.settings(
                  report -> {
                    if (restarts.getAndIncrement() == 0) {
                      restart(fixture);
                      rewrite(fixture.seeder.device());
                      return FinalizePolicy.Decision.ANOTHER_ROUND;
                    }
                    return FinalizePolicy.Decision.FINALIZE;
                  }));
      assertInstanceOf(LeecherState.Complete.class, leecher.run());
      assertEquals(2, restarts.get());
      assertEquals(SIZE, leecher.progress().bytesFetched());
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
    }
  }

  @Test
  void aSeederThatIsRestartedAgainAndAgainKeepsTheStateAndThatIsSaid() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      fill(fixture.seeder.device());
      session.start();
      AtomicInteger rounds = new AtomicInteger();
      Leecher leecher =
          fixture.leecher(
              session,
              ProgramHook.NONE,
              MigrationFixture.settings(
                  report -> {
                    rounds.incrementAndGet();
                    restart(fixture);
                    return FinalizePolicy.Decision.ANOTHER_ROUND;
                  }));
      LeecherState.Failed failed = assertInstanceOf(LeecherState.Failed.class, leecher.run());
      assertEquals(LeecherState.Where.SEEDER, failed.where());
      assertTrue(failed.reason().contains("no such migration"), failed::reason);
      assertEquals(6, rounds.get());
      assertInstanceOf(SeederState.Idle.class, fixture.seeder.state());
      fixture.seeder.device().write(ByteBuffer.allocate(1), 0);
      assertThrows(IOException.class, () -> leecher.device().read(ByteBuffer.allocate(1), 0));
    }
  }

  @Test
  void whoOffersTheSameNameAtAnotherPlaceIsNotPulledFromInstead() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      Leecher leecher =
          fixture.leecher(
              session,
              ProgramHook.NONE,
              MigrationFixture.settings(
                  report -> {
                    fixture.place = Octets.random(16, MigrationFixture.RANDOM);
                    restart(fixture);
                    return FinalizePolicy.Decision.ANOTHER_ROUND;
                  }));
      LeecherState.Failed failed = assertInstanceOf(LeecherState.Failed.class, leecher.run());
      assertEquals(LeecherState.Where.SEEDER, failed.where());
      assertTrue(failed.reason().contains("not offered from where it was"), failed::reason);
      Patience.until(
          "the other one is free again", () -> fixture.seeder.state() instanceof SeederState.Idle);
      assertTrue(fixture.seeder.whyHere().contains("not offered from"), fixture.seeder::whyHere);
    }
  }

  /** Data that was pulled becomes a hole, and other data becomes new. */
  private static void rewrite(Backend device) {
    try {
      device.zero(0, SIZE / 2 & -4096, Backend.Holes.ALLOWED);
      device.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), SIZE - 3);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void restart(MigrationFixture fixture) {
    try {
      fixture.restartSeeder();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theListOfAHandoverCanBeReadAfterTheSeederRestarted() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      MigrationId migration = MigrationId.random(MigrationFixture.RANDOM);
      MigrationId token = MigrationId.random(MigrationFixture.RANDOM);
      SeederClient client = new SeederClient(session, migration);
      client.track();
      fixture.seeder.device().write(ByteBuffer.allocate(3), 5000);
      client.finalizeWith(token, fixture.geometry.blocks());
      fixture.restartSeeder();
      DirtyList list =
          session
              .call(
                  Operation.DIRTY_PAGE,
                  DirtyPageRequest.newBuilder().setMigration(migration.bytes()).build())
              .control(DirtyList.parser());
      assertEquals(1, list.getBlocks());
      SeederClient.Handed again = client.finalizeWith(token, fixture.geometry.blocks());
      assertEquals(2, again.generation());
      assertEquals(1, again.dirty().blocks());
      assertEquals(1, again.dirty().from(0));
    }
  }

  @Test
  void anAttemptThatTheSeederRefusedCanBeMadeAgain() throws Exception {
    Program program = new Program();
    program.failures.set(1);
    try (var fixture = new MigrationFixture(SIZE, program)) {
      fill(fixture.seeder.device());
      for (int attempt = 0; attempt < 2; attempt++) {
        try (Session session = fixture.session()) {
          session.start();
          LeecherState end =
              fixture.leecher(session, ProgramHook.NONE, MigrationFixture.settings()).run();
          if (attempt == 0) {
            assertInstanceOf(LeecherState.Failed.class, end);
            assertTrue(program.runs.get());
            fixture.seeder.device().write(ByteBuffer.wrap(new byte[] {4, 5}), 300_000);
          } else {
            assertEquals(new LeecherState.Complete(2), end);
          }
        }
      }
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
    }
  }

  @Test
  void aLostAnswerToFinalizeIsRepeatedForTheSameToken() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      SeederClient client = new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM));
      MigrationId token = MigrationId.random(MigrationFixture.RANDOM);
      client.track();
      fixture.seeder.device().write(ByteBuffer.allocate(3), 5000);
      for (int i = 0; i < 3; i++) {
        SeederClient.Handed handed = client.finalizeWith(token, fixture.geometry.blocks());
        assertEquals(2, handed.generation());
        assertEquals(1, handed.dirty().blocks());
        fixture.connections.getLast().close("cut");
      }
      MigrationId other = MigrationId.random(MigrationFixture.RANDOM);
      RemoteException refused =
          assertThrows(
              RemoteException.class, () -> client.finalizeWith(other, fixture.geometry.blocks()));
      assertEquals(Failure.Code.CONFLICT, refused.code());
      client.release(token);
      client.release(token);
    }
  }

  /** Bob's migration has begun; returns carol's, which has not. */
  private static SeederClient rival(Session bob, Session carol) throws IOException {
    bob.start();
    carol.start();
    var _ = new SeederClient(bob, MigrationId.random(MigrationFixture.RANDOM)).track();
    return new SeederClient(carol, MigrationId.random(MigrationFixture.RANDOM));
  }

  @Test
  void aSecondLeecherIsToldThatTheResourceIsBusy() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session();
        Session other = fixture.sessionOf(fixture.mesh.member("carol"))) {
      SeederClient carol = rival(session, other);
      RemoteException refused = assertThrows(RemoteException.class, carol::track);
      assertEquals(Failure.Code.BUSY, refused.code());
      // And it can read nothing of it.
      assertEquals(
          Failure.Code.CONFLICT,
          assertThrows(RemoteException.class, () -> carol.extents(5)).code());
      IOException read =
          assertThrows(
              IOException.class,
              () ->
                  new RangeReader(other, Duration.ofSeconds(10)).fetch(ByteBuffer.allocate(10), 0));
      assertTrue(String.valueOf(read.getMessage()).contains("no migration"), read::getMessage);
    }
  }

  @Test
  void aNodeWithoutTheCapabilityIsRefused() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE)) {
      EnumSet<Capability> others = EnumSet.complementOf(EnumSet.of(Capability.MIGRATE));
      for (List<Grant> grants :
          List.<List<Grant>>of(
              List.of(),
              List.of(new Grant("*", others)),
              List.of(new Grant("another", EnumSet.allOf(Capability.class))))) {
        try (Session session = fixture.sessionOf(fixture.mesh.member("carol", grants))) {
          session.start();
          SeederClient carol =
              new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM));
          RemoteException refused = assertThrows(RemoteException.class, carol::describe);
          assertEquals(Failure.Code.NOT_ALLOWED, refused.code());
        }
      }
    }
  }

  @Test
  void aLeecherThatIsLostFreesTheResource() throws Exception {
    CountDownLatch idle = new CountDownLatch(1);
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE, Duration.ofMillis(10));
        Session session = fixture.session()) {
      session.start();
      fixture.seeder.onChange(
          state -> {
            if (state instanceof SeederState.Idle) {
              idle.countDown();
            }
          });
      new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM)).track();
      assertTrue(idle.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    }
  }

  @Test
  void aLeecherThatIsLostFreesTheResourceAlthoughOthersAsk() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE, Duration.ofSeconds(1));
        Session session = fixture.session();
        Session other = fixture.sessionOf(fixture.mesh.member("carol"))) {
      SeederClient carol = rival(session, other);
      Patience.until(
          "the resource is free",
          () -> {
            try {
              var _ = carol.track();
              return true;
            } catch (RemoteException e) {
              assertEquals(Failure.Code.BUSY, e.code());
              return false;
            }
          });
    }
  }

  @Test
  void withoutPostCopyTheProgramStartsWhenEverythingIsHere() throws Exception {
    Program program = new Program();
    AtomicReference<byte[]> atResume = new AtomicReference<>(new byte[0]);
    try (var fixture = new MigrationFixture(SIZE, program);
        Session session = fixture.session()) {
      fill(fixture.seeder.device());
      program.last.set(
          () -> fixture.seeder.device().write(ByteBuffer.wrap(new byte[9999]), 100_000));
      ProgramHook look =
          new ProgramHook() {
            @Override
            public void suspend() {}

            @Override
            public void resume() throws IOException {
              atResume.set(Contents.of(fixture.target));
            }
          };
      Leecher.Settings settings = MigrationFixture.settings();
      session.start();
      Leecher leecher =
          fixture.leecher(
              session,
              look,
              new Leecher.Settings(
                  settings.policy(),
                  FinalizePolicy.PostCopy.NEVER,
                  settings.order(),
                  settings.fetchTimeout(),
                  settings.devicePatience()));
      assertEquals(new LeecherState.Complete(2), leecher.run());
      assertEquals(0, Objects.requireNonNull(leecher.handover()).missingBytes());
      assertArrayEquals(Contents.of(fixture.source), atResume.get());
    }
  }

  @Test
  void aResumeHookThatFailsAfterWritesKeepsTheStateHere() throws Exception {
    AtomicReference<@Nullable Leecher> here = new AtomicReference<>();
    ProgramHook failing =
        new ProgramHook() {
          @Override
          public void suspend() {}

          @Override
          public void resume() throws IOException {
            Objects.requireNonNull(here.get()).device().write(ByteBuffer.wrap(new byte[] {7}), 5);
            throw new IOException("fell over");
          }
        };
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      fill(fixture.seeder.device());
      session.start();
      Leecher leecher = fixture.leecher(session, failing, MigrationFixture.settings());
      here.set(leecher);
      LeecherState.Failed failed = assertInstanceOf(LeecherState.Failed.class, leecher.run());
      assertEquals(LeecherState.Where.HERE, failed.where());
      assertInstanceOf(SeederState.HandedOver.class, fixture.seeder.state());
      ByteBuffer found = ByteBuffer.allocate(1);
      leecher.device().read(found, 5);
      assertEquals(7, found.get(0));
      leecher.save();
      // Started again, it goes on where it was.
      try (Session second = fixture.session()) {
        second.start();
        Leecher again = fixture.leecher(second, ProgramHook.NONE, MigrationFixture.settings());
        assertEquals(new LeecherState.Complete(2), again.run());
        found.clear();
        again.device().read(found, 5);
        assertEquals(7, found.get(0));
      }
    }
  }

  @Test
  void aStateThatWasDeclinedWhileTheSeederWasAwayIsGivenBackByTheNextAttempt() throws Exception {
    Program program = new Program();
    try (var fixture = new MigrationFixture(SIZE, program)) {
      fill(fixture.seeder.device());
      Session session = fixture.session();
      session.start();
      ProgramHook failing =
          new ProgramHook() {
            @Override
            public void suspend() {}

            @Override
            public void resume() throws IOException {
              session.close();
              throw new IOException("no such program");
            }
          };
      LeecherState.Failed failed =
          assertInstanceOf(
              LeecherState.Failed.class,
              fixture.leecher(session, failing, MigrationFixture.settings()).run());
      assertEquals(LeecherState.Where.UNDECIDED, failed.where());
      assertTrue(!program.runs.get());
      try (Session second = fixture.session()) {
        second.start();
        Leecher again = fixture.leecher(second, ProgramHook.NONE, MigrationFixture.settings());
        assertEquals(new LeecherState.Complete(4), again.run());
      }
      assertArrayEquals(Contents.of(fixture.source), Contents.of(fixture.target));
    }
  }

  @Test
  void aSessionThatEndsInTheMiddleEndsTheLeecherAtOnce() throws Exception {
    try (var fixture = new MigrationFixture(64 << 20, ProgramHook.NONE);
        Session session = fixture.session()) {
      fill(fixture.source);
      session.start();
      Leecher leecher =
          fixture.leecher(
              session,
              ProgramHook.NONE,
              new Leecher.Settings(
                  FinalizePolicy.now(),
                  FinalizePolicy.PostCopy.AUTO,
                  wanted -> {
                    int block = wanted.next(0);
                    if (block > 8000) {
                      session.close();
                    }
                    return block;
                  },
                  Duration.ofSeconds(10),
                  Duration.ofSeconds(10)));
      LeecherState.Failed failed = assertInstanceOf(LeecherState.Failed.class, leecher.run());
      assertTrue(failed.reason().contains("closed"), failed::reason);
    }
  }

  @Test
  void anUnknownOperationIsAnsweredAndTheSessionGoesOn() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      RemoteException refused =
          assertThrows(RemoteException.class, () -> session.call((byte) 99, null));
      assertEquals(Failure.Code.UNKNOWN_OPERATION, refused.code());
      DescribeReply description =
          new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM)).describe();
      assertEquals(SIZE, description.getSize());
      assertEquals("idle", description.getState());
      assertEquals(1, fixture.connections.size());
    }
  }

  @Test
  void malformedRequestsAreRefusedAndTheSessionGoesOn() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM)).track();
      for (byte operation :
          new byte[] {
            Operation.TRACK,
            RangeRead.OPERATION,
            Operation.ROUND,
            Operation.FINALIZE,
            Operation.RELEASE,
            Operation.DECLINE,
            Operation.ABORT
          }) {
        RemoteException refused =
            assertThrows(RemoteException.class, () -> session.call(operation, null));
        assertEquals(Failure.Code.MALFORMED, refused.code(), () -> "operation " + operation);
      }
      assertInstanceOf(SeederState.Tracking.class, fixture.seeder.state());
    }
  }

  @Test
  void readsOutsideTheResourceOrOfHugeLengthsAreRefused() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      SeederClient client = new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM));
      client.track();
      for (long[] run :
          new long[][] {
            {-1, 10},
            {0, -1},
            {SIZE, 1},
            {SIZE - 1, 2},
            {0, Integer.MAX_VALUE},
            {Long.MAX_VALUE, 100},
            {0, SIZE}
          }) {
        RawRead read = new RawRead(run[0], (int) run[1]);
        session.submit(read);
        assertTrue(
            read.failed.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS),
            "a read was answered");
      }
      ByteBuffer found = ByteBuffer.allocate(10);
      new RangeReader(session, Duration.ofSeconds(10)).fetch(found, SIZE - 10);
      assertEquals(0, found.remaining());
    }
  }

  private static final class RawRead extends Request {
    private final CountDownLatch failed = new CountDownLatch(1);
    private final ByteBuffer run;

    RawRead(long offset, int length) {
      super(RangeRead.OPERATION, Lane.BULK);
      run = ByteBuffer.allocate(12).putLong(offset).putInt(length).flip();
    }

    @Override
    protected ByteBuffer content() {
      return run;
    }

    @Override
    protected void replied(FrameHeader header, ByteBuffer control, ByteBuffer content) {}

    @Override
    protected void failed(IOException cause) {
      failed.countDown();
    }
  }

  @Test
  void aSeederThatIsStartedAgainAfterTheHandOverKeepsItsDeviceShut() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE)) {
      new Journal(fixture.seederLog)
          .handedOver(
              new Ownership.HandedOver(
                  2,
                  MigrationId.random(MigrationFixture.RANDOM),
                  MigrationId.random(MigrationFixture.RANDOM),
                  fixture.bob.id(),
                  new BlockRuns()));
      fixture.restartSeeder();
      Backend device = fixture.seeder.device();
      assertThrows(FencedException.class, () -> device.write(ByteBuffer.allocate(1), 0));
      assertThrows(FencedException.class, () -> device.read(ByteBuffer.allocate(1), 0));
    }
  }

  @Test
  void closingASeederLeavesTheProgramItsDevice() throws Exception {
    try (var fixture = new MigrationFixture(SIZE, ProgramHook.NONE);
        Session session = fixture.session()) {
      session.start();
      fixture.seeder.close();
      fixture.seeder.device().write(ByteBuffer.wrap(new byte[] {1}), 0);
      fixture.seeder.device().flush();
      SeederClient client = new SeederClient(session, MigrationId.random(MigrationFixture.RANDOM));
      assertEquals(
          Failure.Code.NO_SUCH_RESOURCE,
          assertThrows(RemoteException.class, client::describe).code());
    }
  }

  @Test
  void onlyAConflictMeansThatTheSeederKeepsTheStateForSure() {
    for (Failure.Code code : Failure.Code.values()) {
      if (code != Failure.Code.UNRECOGNIZED) {
        assertEquals(
            code == Failure.Code.CONFLICT, SeederClient.isRefusal(new RemoteException(code, "")));
      }
    }
  }
}
