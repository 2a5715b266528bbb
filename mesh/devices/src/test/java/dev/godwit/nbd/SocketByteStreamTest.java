package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.stream.StreamResetException;
import dev.godwit.stream.StreamTimeoutException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class SocketByteStreamTest {
  private static final int MUCH = 32 << 20;

  private final AtomicLong now = new AtomicLong();

  /** Nobody stays awake, since each step of the clock is longer: after two of them one sleeps. */
  private final CountDownLatch beforeSleep = new CountDownLatch(2);

  private SocketChannel program;
  private SocketByteStream stream;

  @BeforeEach
  void connect() throws IOException {
    try (var server = ServerSocketChannel.open()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      program = SocketChannel.open(server.getLocalAddress());
      stream = new SocketByteStream(server.accept(), this::clock);
    }
  }

  private long clock() {
    beforeSleep.countDown();
    return now.addAndGet(Linger.AWAKE);
  }

  @AfterEach
  void close() throws IOException {
    stream.close();
    program.close();
  }

  /** Runs on a thread of its own, and returns when it is about to sleep. */
  private <T> FutureTask<T> asleep(Callable<T> what) throws InterruptedException {
    var task = new FutureTask<>(what);
    Thread.ofPlatform().daemon().start(task);
    beforeSleep.await();
    return task;
  }

  private static Throwable failure(FutureTask<?> task) {
    return Objects.requireNonNull(
        assertThrows(ExecutionException.class, () -> task.get(30, TimeUnit.SECONDS)).getCause());
  }

  private Object writeMuch() throws IOException {
    stream.write(ByteBuffer.allocateDirect(MUCH));
    return true;
  }

  @Test
  void aSleepingReaderIsWokenByBytes() throws Exception {
    var read = asleep(() -> stream.read(ByteBuffer.allocateDirect(8)));
    program.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
    assertEquals(3, read.get(30, TimeUnit.SECONDS));
  }

  @Test
  void aSleepingReaderIsWokenByTheEnd() throws Exception {
    var read = asleep(() -> stream.read(ByteBuffer.allocateDirect(8)));
    program.shutdownOutput();
    assertEquals(-1, read.get(30, TimeUnit.SECONDS));
  }

  @Test
  void aSleepingReaderIsWokenByClose() throws Exception {
    var read = asleep(() -> stream.read(ByteBuffer.allocateDirect(8)));
    stream.close();
    assertInstanceOf(IOException.class, failure(read));
  }

  @Test
  void aSleepingReaderLearnsTheCodeOfAReset() throws Exception {
    var read = asleep(() -> stream.read(ByteBuffer.allocateDirect(8)));
    stream.reset(7);
    assertEquals(7, assertInstanceOf(StreamResetException.class, failure(read)).code());
  }

  @Test
  void aSleepingWriterIsWokenByRoom() throws Exception {
    byte[] sent = new byte[MUCH];
    new Random(1).nextBytes(sent);
    var written =
        asleep(
            () -> {
              stream.write(
                  ByteBuffer.wrap(sent, 0, 5),
                  ByteBuffer.wrap(sent, 5, MUCH - 12),
                  ByteBuffer.wrap(sent, MUCH - 7, 7),
                  ByteBuffer.allocate(0));
              return true;
            });
    ByteBuffer got = ByteBuffer.allocate(MUCH);
    while (got.hasRemaining()) {
      assertTrue(program.read(got) > 0);
    }
    assertTrue(written.get(30, TimeUnit.SECONDS));
    assertArrayEquals(sent, got.array());
  }

  @Test
  void aSleepingWriterIsWokenByClose() throws Exception {
    var written = asleep(this::writeMuch);
    stream.close();
    assertInstanceOf(IOException.class, failure(written));
  }

  @Test
  void aSleepingWriterIsWokenWhenTheProgramIsGone() throws Exception {
    var written = asleep(this::writeMuch);
    program.close();
    assertInstanceOf(IOException.class, failure(written));
  }

  @Test
  void anInterruptClosesTheSocket() throws Exception {
    stream.timeout(Duration.ofSeconds(50));
    Thread.currentThread().interrupt();
    assertThrows(ClosedByInterruptException.class, this::writeMuch);
    assertTrue(Thread.interrupted());
    assertThrows(IOException.class, () -> stream.read(ByteBuffer.allocateDirect(8)));
  }

  @Test
  void aReaderAndAWriterSleepAtOnce() throws Exception {
    var written = asleep(this::writeMuch);
    var read = new FutureTask<>(() -> stream.read(ByteBuffer.allocateDirect(8)));
    Thread.ofPlatform().daemon().start(read);
    program.write(ByteBuffer.wrap(new byte[] {1}));
    assertEquals(1, read.get(30, TimeUnit.SECONDS));
    stream.close();
    assertInstanceOf(IOException.class, failure(written));
  }

  @Test
  void afterATimeoutTheStreamIsUsable() throws IOException {
    stream.timeout(Duration.ofNanos(1));
    assertThrows(StreamTimeoutException.class, () -> stream.read(ByteBuffer.allocateDirect(8)));
    program.write(ByteBuffer.wrap(new byte[] {1, 2}));
    stream.timeout(Duration.ZERO);
    assertEquals(2, stream.read(ByteBuffer.allocateDirect(8)));
  }

  @Test
  void aProgramThatTakesNothingTimesOut() {
    stream.timeout(Duration.ofMillis(20));
    assertThrows(StreamTimeoutException.class, this::writeMuch);
  }

  @Test
  void negativeTimeoutsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> stream.timeout(Duration.ofNanos(-1)));
  }

  @Test
  void whatIsClosedCannotBeRead() {
    stream.close();
    stream.close();
    assertThrows(IOException.class, () -> stream.read(ByteBuffer.allocateDirect(8)));
  }

  @Test
  void whatWasWrittenIsReadAfterFinish() throws IOException {
    stream.write(ByteBuffer.wrap(new byte[] {5}));
    stream.finish();
    ByteBuffer got = ByteBuffer.allocate(8);
    assertEquals(1, program.read(got));
    assertEquals(-1, program.read(got));
  }

  @Test
  void sleepersLeaveNoDescriptorsOpen() throws Exception {
    long before = descriptors();
    for (int i = 0; i < 200; i++) {
      close();
      connect();
      stream.timeout(Duration.ofNanos(1));
      assertThrows(StreamTimeoutException.class, () -> stream.read(ByteBuffer.allocateDirect(8)));
    }
    assertTrue(descriptors() < before + 100, "descriptors are left open");
  }

  private static long descriptors() throws IOException {
    try (var open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
