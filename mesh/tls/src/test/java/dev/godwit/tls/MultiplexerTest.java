package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.stream.BufferPool;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.stream.StreamResetException;
import dev.godwit.tls.Multiplexer.Side;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The dialling side of a connection, whose peer the test plays frame by frame. */
@Timeout(60)
class MultiplexerTest {
  private final TestSocket socket = new TestSocket();
  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final List<ByteStream> incoming = new ArrayList<>();
  private final Multiplexer multiplexer = new Multiplexer(channel, Side.DIALLER, incoming::add);
  private final Recorder sent = new Recorder();
  private final FrameDecoder decoder = new FrameDecoder(sent);

  @BeforeEach
  void connect() {
    channel.freezeTime();
    channel.pipeline().addLast(socket, multiplexer);
    assertEquals(List.of("PING 1"), sent());
  }

  @AfterEach
  void release() {
    var _ = channel.close();
    channel.checkException();
    socket.release();
  }

  /** The frames that were sent since the last call. */
  private List<String> sent() {
    try {
      channel.runPendingTasks();
      for (ByteBuf out = socket.poll(); out != null; out = socket.poll()) {
        decoder.decode(out);
        out.release();
      }
      List<String> frames = List.copyOf(sent.frames());
      sent.frames().clear();
      return frames;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void receive(ByteBuf frame) {
    channel.writeInbound(frame);
    channel.runPendingTasks();
  }

  private void receive(String hex) {
    receive(Unpooled.wrappedBuffer(ByteBufUtil.decodeHexDump(hex.replace(" ", ""))));
  }

  private static ByteBuffer bytes(int count) {
    return ByteBuffer.allocate(count);
  }

  private static ByteBuffer two() {
    return ByteBuffer.wrap(new byte[] {0x0a, 0x0b});
  }

  private String reason() {
    return multiplexer.closed().getNow("still open");
  }

  @Test
  void thePeerLearnsOfAStreamWithItsFirstByte() throws Exception {
    ByteStream stream = multiplexer.open(Urgency.BULK);
    assertEquals(List.of(), sent());
    stream.write(two());
    assertEquals(List.of("OPEN 1 BULK", "DATA 1 0a0b"), sent());
    multiplexer.open(Urgency.DEMAND).write(two());
    assertEquals(List.of("OPEN 3 DEMAND", "DATA 3 0a0b"), sent());
  }

  @Test
  void theEndComesAfterTheBytes() throws Exception {
    ByteStream stream = multiplexer.open(Urgency.BULK);
    socket.fill();
    stream.write(bytes(200_000));
    stream.finish();
    assertEquals(List.of(), sent());
    socket.drain(channel.pipeline().context(socket));
    assertEquals("FIN 1", sent().getLast());
  }

  @Test
  void whatOneStreamMayNotSendDoesNotStopAnother() throws Exception {
    ByteStream stuck = multiplexer.open(Urgency.DEMAND);
    stuck.write(bytes(ReceiveWindow.INITIAL + 10));
    assertEquals(ReceiveWindow.INITIAL, dataBytes(sent(), 1));
    multiplexer.open(Urgency.BULK).write(two());
    assertEquals(List.of("OPEN 3 BULK", "DATA 3 0a0b"), sent());
    receive("05 000004 00000001 00000004");
    assertEquals(4, dataBytes(sent(), 1));
  }

  private static long dataBytes(List<String> frames, int stream) {
    String prefix = "DATA " + stream + " ";
    return frames.stream()
        .filter(frame -> frame.startsWith(prefix))
        .mapToLong(frame -> (frame.length() - prefix.length()) / 2)
        .sum();
  }

  /** A bulk stream with credit for megabytes. */
  private ByteStream bulk() throws IOException {
    ByteStream stream = multiplexer.open(Urgency.BULK);
    stream.write(two());
    assertEquals(2, sent().size());
    receive("05 000004 00000001 00400000");
    return stream;
  }

  @Test
  void theSocketGetsABoundedNumberOfBytesAhead() throws Exception {
    ByteStream bulk = bulk();
    socket.fill();
    bulk.write(bytes(500_000));
    assertEquals(List.of(), sent());
    assertTrue(
        socket.waitingBytes() < Multiplexer.WRITE_AHEAD + 70_000,
        () -> socket.waitingBytes() + " bytes");
  }

  @Test
  void demandOvertakesBulk() throws Exception {
    ByteStream bulk = bulk();
    socket.fill();
    bulk.write(bytes(500_000));
    multiplexer.open(Urgency.DEMAND).write(two());
    assertEquals(List.of(), sent());
    socket.drain(channel.pipeline().context(socket));
    List<String> frames = sent();
    int demand = frames.indexOf("DATA 3 0a0b");
    assertTrue(dataBytes(frames.subList(0, demand), 1) < Multiplexer.WRITE_AHEAD + 70_000);
    assertEquals(500_000, dataBytes(frames, 1));
  }

  @Test
  void readingGivesCreditInLargeSteps() throws Exception {
    receive("01 000001 00000002 01");
    ByteStream stream = incoming.getFirst();
    int total = 0;
    while (total < ReceiveWindow.INITIAL) {
      int count = Math.min(Frames.MAX_DATA, ReceiveWindow.INITIAL - total);
      receive(Frames.data(channel.alloc(), 2, count).writeZero(count));
      total += count;
    }
    assertEquals(List.of(), sent());
    stream.readFully(bytes(total));
    List<String> frames = sent();
    assertEquals(1, frames.size(), frames::toString);
    assertEquals("WINDOW 2", frames.getFirst().substring(0, 8));
  }

  @Test
  void smallPartsAreReadAsOne() throws Exception {
    receive("01 000001 00000002 00");
    for (int i = 0; i < 20_000; i++) {
      receive(Frames.data(channel.alloc(), 2, 1).writeByte(i));
    }
    ByteBuffer read = bytes(20_000);
    assertEquals(20_000, incoming.getFirst().read(read));
    for (int i = 0; i < 20_000; i++) {
      assertEquals((byte) i, read.get(i));
    }
  }

  @Test
  void framesOfAnEndedStreamAreIgnored() throws Exception {
    ByteStream stream = multiplexer.open(Urgency.BULK);
    stream.write(two());
    stream.reset(5);
    assertEquals(List.of("OPEN 1 BULK", "DATA 1 0a0b", "RESET 1 5"), sent());
    receive("02 000001 00000001 ff");
    receive("03 000000 00000001");
    receive("03 000000 00000001");
    receive("04 000004 00000001 00000001");
    receive("05 000004 00000001 7fffffff");
    assertEquals("still open", reason());
    assertEquals(List.of(), sent());
  }

  @Test
  void aStreamThatWasNeverUsedLeavesNoTrace() throws Exception {
    multiplexer.open(Urgency.BULK).close();
    assertEquals(List.of(), sent());
    multiplexer.open(Urgency.BULK).write(two());
    assertEquals("OPEN 1 BULK", sent().getFirst());
  }

  @Test
  void aPooledBufferComesBackWhenItIsNotSent() throws Exception {
    BufferPool pool = new BufferPool(1 << 20, 1);
    PooledBuffer buffer = pool.take();
    ByteStream stream = multiplexer.open(Urgency.BULK);
    stream.send(buffer);
    assertEquals(ReceiveWindow.INITIAL, dataBytes(sent(), 1));
    ByteBuffer memory = buffer.bytes();
    assertNotSame(memory, pool.take().bytes(), "given back while it waits for credit");
    receive("04 000004 00000001 00000003");
    assertSame(memory, pool.take().bytes(), "not given back");
    assertEquals(3, assertThrows(StreamResetException.class, () -> stream.write(bytes(1))).code());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "09 000000 00000000", // no such frame
        "01 000001 00000001 00", // opens a stream of ours
        "01 000001 00000004 00", // leaves a stream out
        "02 000001 00000001 00", // bytes of a stream that we did not open
        "02 000001 00000002 00", // bytes of a stream that it did not open
        "03 000000 00000001",
        "04 000004 00000002 00000000",
        "05 000004 00000002 00000001",
        "08 000008 00000000 0000000000000002", // answers what nobody asked
        "01 000001 00000002 00  03 000000 00000002  02 000001 00000002 00", // bytes after the end
        "01 000001 00000002 00  03 000000 00000002  03 000000 00000002", // ends twice
        "01 000001 00000002 00  05 000004 00000002 7fffffff", // too much credit
        "01 000001 00000002 00  01 000001 00000002 00", // opens twice
      })
  void whatIsNotAllowedEndsTheConnectionWithAReason(String hex) {
    receive(hex);
    assertTrue(reason().startsWith("the peer broke the protocol: "), this::reason);
    assertTrue(sent().getLast().startsWith("GOODBYE protocol broken: "));
  }

  @Test
  void moreBytesThanCreditEndTheConnection() {
    receive("01 000001 00000002 00");
    for (int total = 0; total <= ReceiveWindow.INITIAL; total += 60_000) {
      receive(Frames.data(channel.alloc(), 2, 60_000).writeZero(60_000));
    }
    assertTrue(reason().contains("with a credit of"), this::reason);
  }

  @Test
  void tooManyStreamsEndTheConnection() {
    for (int i = 1; i <= Multiplexer.MAX_STREAMS; i++) {
      receive(Frames.open(channel.alloc(), 2 * i, Urgency.DEMAND));
    }
    assertEquals("still open", reason());
    receive(Frames.open(channel.alloc(), 2 * Multiplexer.MAX_STREAMS + 2, Urgency.DEMAND));
    assertTrue(reason().contains("more than " + Multiplexer.MAX_STREAMS), this::reason);
  }

  @Test
  void streamsThatEndedMakeRoomForOthers() {
    for (int i = 1; i <= 3 * Multiplexer.MAX_STREAMS; i++) {
      receive(Frames.open(channel.alloc(), 2 * i, Urgency.DEMAND));
      incoming.removeFirst().close();
      channel.runPendingTasks();
    }
    assertEquals("still open", reason());
  }

  @Test
  void abandonedStreamsAreRefusedWhileLocalCodeIsBusyWithMany() {
    for (int i = 1; i <= 2 * Multiplexer.MAX_STREAMS; i++) {
      receive(Frames.open(channel.alloc(), 2 * i, Urgency.DEMAND));
      receive(Frames.reset(channel.alloc(), 2 * i, 0));
    }
    assertEquals(2 * Multiplexer.MAX_STREAMS, incoming.size());
    int next = 4 * Multiplexer.MAX_STREAMS + 2;
    receive(Frames.open(channel.alloc(), next, Urgency.DEMAND));
    assertEquals(List.of("RESET " + next + " 1"), sent());
    incoming.getFirst().close();
    receive(Frames.open(channel.alloc(), next + 2, Urgency.DEMAND));
    assertEquals(2 * Multiplexer.MAX_STREAMS + 1, incoming.size());
  }

  @Test
  void aPeerThatAsksWithoutTakingTheAnswersIsLeft() {
    socket.fill();
    for (int i = 0; i < 20_000 && channel.isOpen(); i++) {
      receive(Frames.ping(channel.alloc(), i));
    }
    assertTrue(reason().contains("does not take"), this::reason);
    assertFalse(channel.isOpen());
  }

  @Test
  void aPingIsAnswered() {
    receive("07 000008 00000000 0000000000000063");
    assertEquals(List.of("PONG 99"), sent());
  }

  @Test
  void anAnswerTellsTheRoundTripTime() {
    assertEquals(Duration.ZERO, multiplexer.roundTrip());
    channel.advanceTimeBy(30, TimeUnit.MILLISECONDS);
    receive("08 000008 00000000 0000000000000001");
    assertEquals(Duration.ofMillis(30), multiplexer.roundTrip());
  }

  private void pass(Duration time) {
    for (long second = 0; second < time.toSeconds(); second++) {
      channel.advanceTimeBy(1, TimeUnit.SECONDS);
      channel.runScheduledPendingTasks();
      channel.runPendingTasks();
    }
  }

  @Test
  void aSilentPeerIsGone() throws Exception {
    ByteStream stream = multiplexer.open(Urgency.DEMAND);
    pass(Duration.ofSeconds(14));
    assertEquals("still open", reason());
    pass(Duration.ofSeconds(2));
    assertTrue(reason().startsWith("nothing heard of the peer"), this::reason);
    assertThrows(IOException.class, () -> stream.read(bytes(1)));
    assertThrows(IOException.class, () -> multiplexer.open(Urgency.DEMAND));
    assertFalse(channel.isOpen());
  }

  @Test
  void aPeerThatSaysAnythingIsThere() {
    for (int i = 0; i < 10; i++) {
      pass(Duration.ofSeconds(10));
      receive("07 000008 00000000 0000000000000063");
    }
    assertEquals("still open", reason());
  }

  @Test
  void thePeersGoodbyeEndsEverythingWithItsReason() throws Exception {
    ByteStream stream = multiplexer.open(Urgency.DEMAND);
    channel.runPendingTasks();
    receive("06 000002 00000000 6f6b");
    assertEquals("closed by the peer: ok", reason());
    assertFalse(channel.isOpen());
    assertThrows(IOException.class, () -> stream.write(bytes(1)));
  }

  @Test
  void closingSaysWhyAndWaitsForThePeerToHearIt() {
    multiplexer.close("gone fishing");
    assertEquals(List.of("GOODBYE gone fishing"), sent());
    assertEquals("gone fishing", reason());
    assertTrue(channel.isOpen());
    pass(Duration.ofSeconds(3));
    assertFalse(channel.isOpen());
  }

  @Test
  void whatCameBeforeTheEndMayStillBeRead() throws Exception {
    receive("01 000001 00000002 00  02 000002 00000002 0a0b");
    receive("06 000000 00000000");
    ByteBuffer read = bytes(2);
    incoming.getFirst().readFully(read);
    assertEquals(two(), read.flip());
    assertThrows(IOException.class, () -> incoming.getFirst().read(bytes(1)));
  }
}
