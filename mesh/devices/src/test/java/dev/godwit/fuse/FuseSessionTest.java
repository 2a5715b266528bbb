package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Holes;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.BackendClosedException;
import dev.godwit.backend.StagedBackend;
import dev.godwit.chunk.FencedException;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernel is answered, without a kernel. */
@Timeout(60)
final class FuseSessionTest {
  private static final int MIB = 1 << 20;
  private static final int SIZE = 2 * MIB + 777;
  private static final Instant START = Instant.ofEpochSecond(1_000_000_000);
  private static final Duration LONG = Patience.seconds(30);
  private static final long EVERYTHING = -1L;

  private final FakeKernel kernel = new FakeKernel();
  private final AtomicReference<Instant> now = new AtomicReference<>(START);

  @AfterEach
  void end() {
    kernel.end();
  }

  private FuseSession session(StagedBackend backend, FuseSettings settings) {
    InstantSource clock = now::get;
    FileStatus status = FileStatus.initial(0600, 7, 8, START);
    var session = new FuseSession("/x", backend, settings, status, clock, List.of(kernel));
    session.start();
    return session;
  }

  private StagedBackend serve(Latency latency) {
    StagedBackend backend = new StagedBackend(SIZE, latency);
    var _ = session(backend, FuseSettings.DEFAULT);
    return backend;
  }

  private ByteBuffer answer(ByteBuffer request) throws InterruptedException {
    kernel.send(request);
    ByteBuffer reply = kernel.reply();
    assertEquals(request.getLong(8), reply.getLong(8), "the request that is answered");
    return reply;
  }

  private static byte[] body(ByteBuffer reply) {
    assertEquals(0, reply.getInt(4), "the error");
    byte[] bytes = new byte[reply.capacity() - Protocol.OUT_HEADER];
    reply.get(Protocol.OUT_HEADER, bytes);
    return bytes;
  }

  private static void assertError(FuseError error, ByteBuffer reply) {
    assertEquals(-error.code(), reply.getInt(4), error.toString());
    assertEquals(Protocol.OUT_HEADER, reply.capacity());
  }

  private static byte[] ones(int length) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 1);
    return bytes;
  }

  @Test
  void theSessionAgreesWithTheKernelOnWhatBothKnow() throws Exception {
    var session = session(new StagedBackend(SIZE, Latency.MEMORY), FuseSettings.DEFAULT);
    ByteBuffer reply = answer(FakeKernel.init(7, 45, 131072, EVERYTHING));
    assertEquals(80, reply.capacity());
    assertEquals(7, reply.getInt(16));
    assertEquals(39, reply.getInt(20));
    assertEquals(131072, reply.getInt(24), "no more read-ahead than the kernel offers");
    assertEquals(0x40608021, reply.getInt(28), "flags");
    assertEquals(MIB, reply.getInt(36), "max_write");
    assertEquals(256, reply.getShort(44), "max_pages");
    assertEquals(1 << 4, reply.getInt(48), "more flags");
    session.awaitAgreement(LONG);
  }

  @Test
  void theKernelIsToldWhichPartIsOld() throws Exception {
    var session = session(new StagedBackend(SIZE, Latency.MEMORY), FuseSettings.DEFAULT);
    session.changed(4096, 8192);
    ByteBuffer message = kernel.reply();
    assertEquals(40, message.capacity());
    assertEquals(2, message.getInt(4), "what it is about");
    assertEquals(0, message.getLong(8), "the request that is answered");
    assertEquals(Protocol.ROOT, message.getLong(16));
    assertEquals(4096, message.getLong(24));
    assertEquals(8192, message.getLong(32));
  }

  @Test
  void nothingIsAgreedThatTheKernelDoesNotOffer() throws Exception {
    var _ = session(new StagedBackend(SIZE, Latency.MEMORY), FuseSettings.DEFAULT);
    ByteBuffer reply = answer(FakeKernel.init(7, 36, 4096, Protocol.BIG_WRITES));
    assertEquals(36, reply.getInt(20));
    assertEquals(4096, reply.getInt(24));
    assertEquals(Protocol.BIG_WRITES, reply.getInt(28));
    assertEquals(0, reply.getInt(48));
  }

  @Test
  void anOldKernelIsRefused() throws Exception {
    var session = session(new StagedBackend(SIZE, Latency.MEMORY), FuseSettings.DEFAULT);
    assertError(FuseError.EPROTO, answer(FakeKernel.init(7, 34, 4096, EVERYTHING)));
    var e = assertThrows(IOException.class, () -> session.awaitAgreement(LONG));
    assertTrue(String.valueOf(e.getMessage()).contains("Linux 5.16"), e::getMessage);
  }

  @Test
  void aKernelOfTheFutureIsToldOurNumberAndAsksAgain() throws Exception {
    var session = session(new StagedBackend(SIZE, Latency.MEMORY), FuseSettings.DEFAULT);
    assertEquals(7, answer(FakeKernel.init(8, 1, 4096, EVERYTHING)).getInt(16));
    assertThrows(IOException.class, () -> session.awaitAgreement(Duration.ofMillis(1)));
    var _ = body(answer(FakeKernel.init(7, 45, 4096, EVERYTHING)));
    session.awaitAgreement(LONG);
  }

  @Test
  void aKernelThatSaysNothingIsWaitedForInVain() {
    var session = session(new StagedBackend(SIZE, Latency.MEMORY), FuseSettings.DEFAULT);
    assertThrows(IOException.class, () -> session.awaitAgreement(Duration.ofMillis(1)));
  }

  @Test
  void theFileIsARegularOneOfTheBackendsSize() throws Exception {
    var _ = serve(Latency.MEMORY);
    ByteBuffer reply = answer(FakeKernel.request(3, 5, FakeKernel.body(16)));
    assertEquals(16 + 16 + 88, reply.capacity());
    assertTrue(reply.getLong(16) > 1000, "attributes stay valid for long");
    assertEquals(1, reply.getLong(32), "inode");
    assertEquals(SIZE, reply.getLong(40));
    assertEquals((SIZE + 511) / 512, reply.getLong(48));
    assertEquals(START.getEpochSecond(), reply.getLong(64), "time of the last change");
    assertEquals(0100600, reply.getInt(92));
    assertEquals(1, reply.getInt(96), "links");
    assertEquals(7, reply.getInt(100));
    assertEquals(8, reply.getInt(104));
  }

  @Test
  void aFileOtherThanTheRootDoesNotExist() throws Exception {
    var _ = serve(Latency.MEMORY);
    assertError(FuseError.ENOENT, answer(FakeKernel.request(3, 5, 2, FakeKernel.body(16))));
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void whatIsWrittenIsRead(Latency latency) throws Exception {
    var _ = serve(latency);
    byte[] data = {1, 2, 3, 4, 5};
    assertEquals(5, answer(FakeKernel.write(2, MIB - 2, data)).getInt(16));
    assertArrayEquals(data, body(answer(FakeKernel.read(4, MIB - 2, 5))));
  }

  @Test
  void theLargestTransferFits() throws Exception {
    var _ = serve(Latency.MEMORY);
    assertEquals(MIB, answer(FakeKernel.write(2, 5, ones(MIB))).getInt(16));
    assertArrayEquals(ones(MIB), body(answer(FakeKernel.read(4, 5, MIB))));
  }

  @Test
  void readsStopAtTheEnd() throws Exception {
    var _ = serve(Latency.MEMORY);
    assertEquals(7, body(answer(FakeKernel.read(2, SIZE - 7, 4096))).length);
    assertEquals(0, body(answer(FakeKernel.read(4, SIZE, 4096))).length);
    assertEquals(0, body(answer(FakeKernel.read(6, Long.MAX_VALUE, 4096))).length);
  }

  @Test
  void writesAcrossTheEndStoreWhatFitsAndBehindItNothing() throws Exception {
    var _ = serve(Latency.MEMORY);
    assertEquals(7, answer(FakeKernel.write(2, SIZE - 7, ones(10))).getInt(16));
    assertArrayEquals(ones(7), body(answer(FakeKernel.read(4, SIZE - 7, 10))));
    assertError(FuseError.ENOSPC, answer(FakeKernel.write(6, SIZE, ones(1))));
    assertError(FuseError.ENOSPC, answer(FakeKernel.write(8, Long.MAX_VALUE, ones(1))));
  }

  @Test
  void aReadOnlyFileRefusesEveryChange() throws Exception {
    StagedBackend backend = new StagedBackend(SIZE, Latency.MEMORY);
    var _ = session(backend, FuseSettings.DEFAULT.readOnly());
    assertError(FuseError.EROFS, answer(FakeKernel.write(2, 0, ones(1))));
    assertError(FuseError.EROFS, answer(FakeKernel.allocate(4, 3, 0, 4096)));
    assertError(FuseError.EROFS, answer(FakeKernel.request(4, 6, FakeKernel.body(88))));
    ByteBuffer forWriting = FakeKernel.body(8).putInt(0, 2);
    assertError(FuseError.EROFS, answer(FakeKernel.request(14, 8, forWriting)));
    var _ = body(answer(FakeKernel.request(14, 10, FakeKernel.body(8))));
    var _ = body(answer(FakeKernel.request(20, 12, FakeKernel.body(16))));
    assertEquals(0, backend.flushes());
  }

  private static ByteBuffer resize(long unique, long size) {
    return FakeKernel.request(4, unique, FakeKernel.body(88).putInt(0, 8).putLong(16, size));
  }

  @Test
  void theSizeCannotBeChanged() throws Exception {
    var _ = serve(Latency.MEMORY);
    assertEquals(SIZE, answer(resize(2, SIZE)).getLong(40));
    assertError(FuseError.EPERM, answer(resize(4, SIZE - 1)));
    assertError(FuseError.EPERM, answer(resize(6, 0)));
    assertError(FuseError.EFBIG, answer(resize(8, SIZE + 1)));
  }

  @Test
  void ownersPermissionsAndTimesAreKept() throws Exception {
    var _ = serve(Latency.MEMORY);
    now.set(START.plusSeconds(5));
    ByteBuffer change =
        FakeKernel.body(88)
            .putInt(0, Protocol.FATTR_MODE | Protocol.FATTR_UID | Protocol.FATTR_MTIME)
            .putLong(40, 77)
            .putInt(60, 99)
            .putInt(68, 0100755)
            .putInt(76, 1000)
            .putInt(80, 1001);
    var _ = body(answer(FakeKernel.request(4, 2, change)));
    ByteBuffer reply = answer(FakeKernel.request(3, 4, FakeKernel.body(16)));
    assertEquals(0100755, reply.getInt(92));
    assertEquals(1000, reply.getInt(100));
    assertEquals(8, reply.getInt(104), "the group was not to be changed");
    assertEquals(77, reply.getLong(64));
    assertEquals(99, reply.getInt(84));
    assertEquals(START.getEpochSecond() + 5, reply.getLong(72), "status changed");
    assertEquals(START.getEpochSecond(), reply.getLong(56), "accessed");
  }

  @Test
  void aWriteMovesTheTimeOfTheLastChange() throws Exception {
    var _ = serve(Latency.MEMORY);
    now.set(START.plusSeconds(5));
    var _ = body(answer(FakeKernel.read(2, 0, 1)));
    assertEquals(
        START.getEpochSecond(), answer(FakeKernel.request(3, 4, FakeKernel.body(16))).getLong(64));
    var _ = body(answer(FakeKernel.write(6, 0, ones(1))));
    assertEquals(
        START.getEpochSecond() + 5,
        answer(FakeKernel.request(3, 8, FakeKernel.body(16))).getLong(64));
  }

  @Test
  void punchedRangesBecomeHolesAndZeroedOnesStayAllocated() throws Exception {
    StagedBackend backend = serve(Latency.MEMORY);
    var _ = body(answer(FakeKernel.write(2, 0, ones(100))));
    var _ = body(answer(FakeKernel.allocate(4, 1 | 2, 10, 20)));
    assertEquals(Holes.ALLOWED, backend.lastHoles());
    var _ = body(answer(FakeKernel.allocate(6, 16, 50, 20)));
    assertEquals(Holes.FORBIDDEN, backend.lastHoles());
    byte[] expected = ones(100);
    Arrays.fill(expected, 10, 30, (byte) 0);
    Arrays.fill(expected, 50, 70, (byte) 0);
    assertArrayEquals(expected, body(answer(FakeKernel.read(8, 0, 100))));
  }

  @Test
  void allocationStaysInsideTheFile() throws Exception {
    var _ = serve(Latency.MEMORY);
    var _ = body(answer(FakeKernel.write(2, SIZE - 5, ones(5))));
    var _ = body(answer(FakeKernel.allocate(4, 1 | 2, SIZE - 3, 1000)));
    var _ = body(answer(FakeKernel.allocate(6, 1 | 2, SIZE + 3, 1000)));
    assertArrayEquals(new byte[] {1, 1, 0, 0, 0}, body(answer(FakeKernel.read(8, SIZE - 5, 5))));
    assertError(FuseError.EFBIG, answer(FakeKernel.allocate(10, 16, SIZE - 3, 4)));
    assertError(FuseError.EOPNOTSUPP, answer(FakeKernel.allocate(12, 0, 0, 4096)));
    assertError(FuseError.EOPNOTSUPP, answer(FakeKernel.allocate(14, 1 | 8, 0, 4096)));
  }

  @Test
  void dataAndHolesAreFound() throws Exception {
    var _ = serve(Latency.MEMORY);
    var _ = body(answer(FakeKernel.write(2, MIB, ones(5))));
    assertEquals(MIB, answer(FakeKernel.seek(4, 3, 10)).getLong(16));
    assertEquals(MIB + 3, answer(FakeKernel.seek(6, 3, MIB + 3)).getLong(16));
    assertEquals(10, answer(FakeKernel.seek(8, 4, 10)).getLong(16));
    assertEquals(2 * MIB, answer(FakeKernel.seek(10, 4, MIB)).getLong(16));
    assertError(FuseError.ENXIO, answer(FakeKernel.seek(12, 3, 2 * MIB)));
    assertError(FuseError.ENXIO, answer(FakeKernel.seek(14, 4, SIZE)));
    assertError(FuseError.EINVAL, answer(FakeKernel.seek(16, 0, 0)));
    var _ = body(answer(FakeKernel.write(18, SIZE - 1, ones(1))));
    assertEquals(SIZE, answer(FakeKernel.seek(20, 4, SIZE - 1)).getLong(16), "the end is a hole");
  }

  @Test
  void fsyncFlushesTheBackend() throws Exception {
    StagedBackend backend = serve(Latency.MEMORY);
    var _ = body(answer(FakeKernel.request(20, 2, FakeKernel.body(16))));
    assertEquals(1, backend.flushes());
  }

  @ParameterizedTest
  @EnumSource(FuseSettings.Caching.class)
  void theKernelNeverFlushesAtClose(FuseSettings.Caching caching) throws Exception {
    var _ =
        session(new StagedBackend(SIZE, Latency.MEMORY), FuseSettings.DEFAULT.withCaching(caching));
    ByteBuffer reply = answer(FakeKernel.request(14, 2, FakeKernel.body(8)));
    assertEquals(Protocol.FOPEN_NOFLUSH, reply.getInt(24) & Protocol.FOPEN_NOFLUSH);
    assertEquals(caching == FuseSettings.Caching.NONE ? 1 : 0, reply.getInt(24) & 1, "direct");
    assertError(FuseError.ENOSYS, answer(FakeKernel.request(25, 4, FakeKernel.body(24))));
  }

  @ParameterizedTest
  @ValueSource(ints = {0x4000, 0x10000})
  void onlyDirectReadersGoPastTheCache(int direct) throws Exception {
    var _ = serve(Latency.MEMORY);
    for (int access = 0; access < 3; access++) {
      ByteBuffer plain = FakeKernel.body(8).putInt(0, access);
      assertEquals(0, answer(FakeKernel.request(14, 2, plain)).getInt(24) & 1);
      ByteBuffer open = FakeKernel.body(8).putInt(0, access | direct);
      assertEquals(
          access == 0 ? 1 : 0, answer(FakeKernel.request(14, 4, open)).getInt(24) & 1, "direct");
    }
  }

  @Test
  void theFileSystemIsFull() throws Exception {
    var _ = serve(Latency.MEMORY);
    ByteBuffer reply = answer(FakeKernel.request(17, 2, FakeKernel.body(0)));
    assertEquals(96, reply.capacity());
    assertEquals((SIZE + 4095) / 4096, reply.getLong(16));
    assertEquals(0, reply.getLong(24), "free");
    assertEquals(4096, reply.getInt(56));
  }

  @Test
  void releaseAndDestroyAreAnswered() throws Exception {
    var _ = serve(Latency.MEMORY);
    assertEquals(0, body(answer(FakeKernel.request(18, 2, FakeKernel.body(24)))).length);
    assertEquals(0, body(answer(FakeKernel.request(38, 4, 0, FakeKernel.body(0)))).length);
  }

  @Test
  void unknownRequestsAreRefusedAndForgettingIsNotAnswered() throws Exception {
    var _ = serve(Latency.MEMORY);
    assertError(FuseError.ENOSYS, answer(FakeKernel.request(22, 2, FakeKernel.body(8))));
    assertError(FuseError.ENOSYS, answer(FakeKernel.request(9999, 4, FakeKernel.body(8))));
    assertError(FuseError.ENOSYS, answer(FakeKernel.request(-1, 6, FakeKernel.body(8))));
    kernel.send(FakeKernel.request(2, 8, FakeKernel.body(8)));
    kernel.send(FakeKernel.request(42, 10, FakeKernel.body(8)));
    var _ = body(answer(FakeKernel.read(12, 0, 1)));
  }

  @Test
  void malformedRequestsAreRefusedAndTheNextIsServed() throws Exception {
    var _ = serve(Latency.MEMORY);
    assertError(FuseError.EINVAL, answer(FakeKernel.request(15, 2, FakeKernel.body(39))));
    assertError(FuseError.EINVAL, answer(FakeKernel.read(4, -1, 4096)));
    assertError(FuseError.EINVAL, answer(FakeKernel.read(6, 0, MIB + 1)));
    assertError(FuseError.EINVAL, answer(FakeKernel.read(8, 0, -1)));
    ByteBuffer longer = FakeKernel.write(10, 0, ones(10));
    assertError(FuseError.EINVAL, answer(longer.putInt(56, 11)));
    assertError(FuseError.EINVAL, answer(FakeKernel.allocate(12, 3, Long.MAX_VALUE, 2)));
    kernel.send(FakeKernel.read(14, 0, 1).putInt(0, 4711));
    kernel.send(ByteBuffer.allocate(3));
    var _ = body(answer(FakeKernel.read(16, 0, 1)));
  }

  private static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(new IOException("broken"), FuseError.EIO),
        Arguments.of(new IllegalStateException("defect"), FuseError.EIO),
        Arguments.of(new FencedException("handed over"), FuseError.ESTALE),
        Arguments.of(new BackendClosedException(), FuseError.ENOTCONN),
        Arguments.of(new IOException("No space left on device"), FuseError.ENOSPC),
        Arguments.of(new FileSystemException("f", null, "Disk quota exceeded"), FuseError.ENOSPC));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void aFailingBackendIsTold(Exception failure, FuseError error) throws Exception {
    StagedBackend backend = serve(Latency.MEMORY);
    backend.failNext(failure);
    assertError(error, answer(FakeKernel.write(2, 0, ones(1))));
    assertEquals(1, body(answer(FakeKernel.read(4, 0, 1))).length, "the next one works");
  }

  @Test
  void aSlowReadKeepsNobodyWaiting() throws Exception {
    StagedBackend backend = serve(Latency.REMOTE);
    var hold = backend.holdNext();
    kernel.send(FakeKernel.read(2, 0, 10));
    hold.awaitArrival();
    var _ = body(answer(FakeKernel.read(4, 0, 10)));
    var _ = body(answer(FakeKernel.write(6, 0, ones(10))));
    var _ = body(answer(FakeKernel.request(3, 8, FakeKernel.body(16))));
    hold.release();
    assertEquals(2, kernel.reply().getLong(8));
  }

  @Test
  void noMoreSlowRequestsAreUnderWayThanAllowed() throws Exception {
    StagedBackend backend = new StagedBackend(SIZE, Latency.REMOTE);
    var session = session(backend, FuseSettings.DEFAULT.withInFlight(1));
    var hold = backend.holdNext();
    kernel.send(FakeKernel.read(2, 0, 10));
    hold.awaitArrival();
    kernel.send(FakeKernel.request(3, 4, FakeKernel.body(16)));
    assertFalse(session.awaitIdle(Duration.ofMillis(1)));
    assertEquals(0, kernel.replies());
    hold.release();
    assertEquals(2, kernel.reply().getLong(8));
    assertEquals(4, kernel.reply().getLong(8));
  }

  @Test
  void aProgramThatIsInterruptedDoesNotWaitForASlowRead() throws Exception {
    StagedBackend backend = serve(Latency.REMOTE);
    var hold = backend.holdNext();
    kernel.send(FakeKernel.read(2, 0, 10));
    hold.awaitArrival();
    kernel.send(FakeKernel.interrupt(2));
    ByteBuffer reply = kernel.reply();
    assertEquals(2, reply.getLong(8));
    assertError(FuseError.EINTR, reply);
    hold.release();
    var _ = body(answer(FakeKernel.read(4, 0, 10)));
    assertEquals(0, kernel.replies(), "nobody is answered twice");
  }

  @Test
  void aWriteThatIsInterruptedIsFinished() throws Exception {
    StagedBackend backend = serve(Latency.REMOTE);
    var hold = backend.holdNext();
    kernel.send(FakeKernel.write(2, 0, ones(10)));
    hold.awaitArrival();
    kernel.send(FakeKernel.interrupt(2));
    var _ = body(answer(FakeKernel.request(3, 4, FakeKernel.body(16))));
    hold.release();
    ByteBuffer reply = kernel.reply();
    assertEquals(2, reply.getLong(8));
    assertEquals(0, reply.getInt(4));
  }

  @Test
  void anInterruptOfARequestThatIsNotThereIsToBeAskedAgain() throws Exception {
    var _ = serve(Latency.REMOTE);
    ByteBuffer reply = answer(FakeKernel.interrupt(2));
    assertEquals(3, reply.getLong(8), "the interrupt itself is answered");
    assertError(FuseError.EAGAIN, reply);
    var _ = body(answer(FakeKernel.read(4, 0, 10)));
    assertEquals(0, kernel.replies());
  }

  @Test
  void aSessionThatRefusesLeavesTheBackendAlone() throws Exception {
    StagedBackend backend = new StagedBackend(SIZE, Latency.REMOTE);
    var session = session(backend, FuseSettings.DEFAULT);
    session.refuse();
    assertError(FuseError.ENOTCONN, answer(FakeKernel.read(2, 0, 10)));
    assertError(FuseError.ENOTCONN, answer(FakeKernel.request(3, 4, FakeKernel.body(16))));
    assertEquals(0, backend.reads());
  }

  @Test
  void theEndOfTheConnectionEndsTheSession() throws Exception {
    StagedBackend backend = new StagedBackend(SIZE, Latency.MEMORY);
    var session = session(backend, FuseSettings.DEFAULT);
    assertFalse(session.awaitEnd(Duration.ZERO));
    kernel.end();
    assertTrue(session.awaitEnd(LONG));
    assertTrue(session.awaitIdle(LONG));
  }
}
