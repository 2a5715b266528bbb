package dev.godwit.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.BackendClosedException;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.backend.StagedBackend;
import dev.godwit.chunk.LockedBackend;
import dev.godwit.libc.NativeSparseFile;
import dev.godwit.stream.ByteStream;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class NbdClientTest {
  @TempDir Path directory;

  private NbdAddress.Unix socket() {
    return new NbdAddress.Unix(directory.resolve("s"), "");
  }

  private static NbdClient connect(NbdListener listener) throws IOException {
    return NbdClient.connect(
        listener.address(), new NbdClient.Settings(Duration.ofSeconds(10), Duration.ofSeconds(10)));
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void throughOurServerABackendIsAnArrayOfBytes(Latency latency) throws IOException {
    for (int size : new int[] {1, 100, 4097, (1 << 20) + 3}) {
      try (var served =
              new ServedExports(directory, Export.of("", new StagedBackend(size, latency)));
          NbdClient client = served.client("")) {
        new BackendModel(client).run(300);
      }
    }
  }

  @Test
  void throughOurServerAFileIsAnArrayOfBytes() throws IOException {
    try (var file =
            FileBackend.create(
                directory.resolve("disk"), (1 << 20) + 777, NativeSparseFile.opener());
        var served = new ServedExports(directory, Export.of("", file));
        NbdClient client = served.client("")) {
      new BackendModel(client).run(1000);
    }
  }

  @Test
  void wholeBlocksAreMadeOfAnything() throws IOException {
    var blocks =
        new Export(
            "",
            "",
            new StagedBackend(1 << 20, Latency.REMOTE),
            Export.Access.READ_WRITE,
            new BlockSizes(4096, 4096, 16384));
    try (var served = new ServedExports(directory, blocks);
        NbdClient client = served.client("")) {
      new BackendModel(client).run(500);
    }
  }

  @Test
  void rangesOutsideFailBeforeAnythingIsSent() throws IOException {
    try (var served =
            new ServedExports(directory, Export.of("", new StagedBackend(100, Latency.MEMORY)));
        NbdClient client = served.client("")) {
      assertThrows(OutOfRangeException.class, () -> client.read(ByteBuffer.allocate(2), 99));
      assertThrows(OutOfRangeException.class, () -> client.write(ByteBuffer.allocate(1), -1));
    }
  }

  @Test
  void callsAfterCloseFail() throws IOException {
    try (var served =
        new ServedExports(directory, Export.of("", new StagedBackend(100, Latency.MEMORY)))) {
      NbdClient client = served.client("");
      client.close();
      client.close();
      assertThrows(BackendClosedException.class, () -> client.read(ByteBuffer.allocate(1), 0));
      assertThrows(BackendClosedException.class, client::flush);
    }
  }

  @Test
  void aFencedResourceSaysSoToTheClient() throws IOException {
    var gate =
        new LockedBackend(
            new StagedBackend(100, Latency.MEMORY),
            Duration.ofSeconds(10),
            LockedBackend.State.OPEN);
    try (var served = new ServedExports(directory, Export.of("", gate));
        NbdClient client = served.client("")) {
      client.write(ByteBuffer.allocate(10), 0);
      gate.fence("moved to another node", Duration.ofSeconds(10));
      var e = assertThrows(NbdException.class, () -> client.write(ByteBuffer.allocate(1), 0));
      assertEquals(NbdError.ESHUTDOWN, e.error());
      assertTrue(String.valueOf(e.getMessage()).contains("moved to another node"), e.getMessage());
    }
  }

  @Test
  void aShutGateHoldsRequestsUntilItOpens() throws Exception {
    var gate =
        new LockedBackend(
            new StagedBackend(100, Latency.MEMORY),
            Duration.ofSeconds(30),
            LockedBackend.State.OPEN);
    try (var served = new ServedExports(directory, Export.of("", gate));
        NbdClient client = served.client("");
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      client.write(ByteBuffer.wrap(new byte[] {9}), 0);
      gate.shut(Duration.ofSeconds(10));
      var started = new CountDownLatch(1);
      var read =
          threads.submit(
              () -> {
                started.countDown();
                ByteBuffer dst = ByteBuffer.allocate(1);
                client.read(dst, 0);
                return dst.get(0);
              });
      started.await();
      gate.open();
      assertEquals((byte) 9, read.get());
    }
  }

  /** A server that answers the first request with whatever bytes a test wants. */
  private static final class Liar {
    private final ByteBuffer answer;

    Liar(ByteBuffer answer) {
      this.answer = answer;
    }

    void handle(ByteStream stream) throws IOException {
      stream.timeout(Patience.seconds(30));
      ByteBuffer greeting = ByteBuffer.allocate(18);
      stream.write(
          greeting
              .putLong(Protocol.NBD_MAGIC)
              .putLong(Protocol.OPTION_MAGIC)
              .putShort((short) 3)
              .flip());
      stream.readFully(ByteBuffer.allocate(4));
      while (true) {
        ByteBuffer option = ByteBuffer.allocate(16);
        stream.readFully(option);
        int number = option.getInt(8);
        stream.readFully(ByteBuffer.allocate(option.getInt(12)));
        if (number == Protocol.OPT_SET_META_CONTEXT) {
          byte[] name = Protocol.BASE_ALLOCATION.getBytes(UTF_8);
          ByteBuffer context = ByteBuffer.allocate(4 + name.length).putInt(7).put(name).flip();
          reply(stream, number, Protocol.REP_META_CONTEXT, context);
        }
        if (number == Protocol.OPT_GO) {
          ByteBuffer info = ByteBuffer.allocate(12);
          info.putShort((short) 0).putLong(1 << 20).putShort((short) 0x7f).flip();
          reply(stream, number, Protocol.REP_INFO, info);
        }
        reply(stream, number, Protocol.REP_ACK, ByteBuffer.allocate(0));
        if (number == Protocol.OPT_GO) {
          break;
        }
      }
      ByteBuffer request = ByteBuffer.allocate(Protocol.REQUEST_BYTES);
      stream.readFully(request);
      long cookie = request.getLong(8);
      if (answer.remaining() >= 16) {
        // Every answer has its cookie in the same place.
        answer.putLong(8, answer.getLong(8) + cookie);
      }
      stream.write(answer);
      stream.read(ByteBuffer.allocate(100));
    }

    private static void reply(ByteStream stream, int option, int type, ByteBuffer data)
        throws IOException {
      ByteBuffer header = ByteBuffer.allocate(20).putLong(Protocol.OPTION_REPLY_MAGIC);
      header.putInt(option).putInt(type).putInt(data.remaining()).flip();
      stream.write(header, data);
    }
  }

  /** A chunk for the request under way; {@code cookie} is added to the right one. */
  private static ByteBuffer chunk(int flags, int type, long cookie, int length, ByteBuffer body) {
    return ByteBuffer.allocate(20 + body.remaining())
        .putInt(Protocol.STRUCTURED_REPLY_MAGIC)
        .putShort((short) flags)
        .putShort((short) type)
        .putLong(cookie)
        .putInt(length)
        .put(body)
        .flip();
  }

  private static ByteBuffer longs(long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * values.length);
    for (long value : values) {
      bytes.putLong(value);
    }
    return bytes.flip();
  }

  private static ByteBuffer simple(int error, long cookie) {
    return ByteBuffer.allocate(16)
        .putInt(Protocol.SIMPLE_REPLY_MAGIC)
        .putInt(error)
        .putLong(cookie)
        .flip();
  }

  private IOException readFrom(ByteBuffer answer) throws IOException {
    try (var listener = NbdListener.open(socket(), new Liar(answer)::handle);
        NbdClient client = connect(listener)) {
      return assertThrows(IOException.class, () -> client.read(ByteBuffer.allocate(16), 4096));
    }
  }

  private IOException statusFrom(ByteBuffer answer) throws IOException {
    try (var listener = NbdListener.open(socket(), new Liar(answer)::handle);
        NbdClient client = connect(listener)) {
      return assertThrows(
          IOException.class, () -> client.extents(0, 4096, (at, length, kind) -> {}));
    }
  }

  private static void assertBroken(IOException e) {
    assertTrue(String.valueOf(e.getMessage()).contains("the NBD connection is lost"), e.toString());
  }

  @Test
  void repliesThatDoNotFitTheRequestEndTheConnection() throws IOException {
    int data = Protocol.REPLY_OFFSET_DATA;
    int hole = Protocol.REPLY_OFFSET_HOLE;
    ByteBuffer none = ByteBuffer.allocate(0);
    ByteBuffer[] answers = {
      longs(0, 0),
      simple(0, 0),
      chunk(1, Protocol.REPLY_NONE, 1, 0, none),
      chunk(0, Protocol.REPLY_NONE, 0, 0, none),
      chunk(1, Protocol.REPLY_NONE, 0, 8, longs(0)),
      chunk(1, data, 0, 8, longs(4096)),
      chunk(1, data, 0, 24, longs(0, 0, 0)),
      chunk(1, data, 0, 32, longs(4096, 0, 0, 0)),
      chunk(1, data, 0, 16, longs(4096 + 9, 0)),
      chunk(1, data, 0, 16, longs(-1, 0)),
      chunk(1, data, 0, -1, longs(4096, 0)),
      chunk(1, data, 0, Integer.MAX_VALUE, longs(4096, 0)),
      chunk(1, hole, 0, 12, ByteBuffer.allocate(12).putLong(4096).putInt(-1).flip()),
      chunk(1, hole, 0, 16, longs(4096, 16)),
      chunk(1, 77, 0, 8, longs(0)),
      chunk(1, Protocol.REPLY_BLOCK_STATUS, 0, 12, ByteBuffer.allocate(12)),
      chunk(1, Protocol.REPLY_ERROR, 0, 2, ByteBuffer.allocate(2)),
      chunk(
          1,
          Protocol.REPLY_ERROR,
          0,
          6,
          ByteBuffer.allocate(6).putInt(5).putShort((short) 9).flip()),
      chunk(1, Protocol.REPLY_ERROR, 0, -1, longs(0)),
    };
    for (int i = 0; i < answers.length; i++) {
      IOException e = readFrom(answers[i]);
      try {
        assertBroken(e);
      } catch (AssertionError wrong) {
        throw new AssertionError("answer " + i, wrong);
      }
    }
  }

  @Test
  void aReplyWithTooLittleDataFailsTheRequest() throws IOException {
    IOException e = readFrom(chunk(1, Protocol.REPLY_OFFSET_DATA, 0, 16, longs(4096, 0)));
    assertTrue(String.valueOf(e.getMessage()).contains("only 8 bytes"), e.toString());
    e = readFrom(chunk(1, Protocol.REPLY_NONE, 0, 0, ByteBuffer.allocate(0)));
    assertTrue(String.valueOf(e.getMessage()).contains("only 0 bytes"), e.toString());
  }

  @Test
  void brokenStatusEndsTheConnection() throws IOException {
    int status = Protocol.REPLY_BLOCK_STATUS;
    ByteBuffer wrongContext = ByteBuffer.allocate(12).putInt(8).putInt(4096).putInt(0).flip();
    ByteBuffer emptyRun = ByteBuffer.allocate(12).putInt(7).putInt(0).putInt(0).flip();
    assertBroken(statusFrom(chunk(1, status, 0, 12, wrongContext)));
    assertBroken(statusFrom(chunk(1, status, 0, 12, emptyRun)));
    assertBroken(statusFrom(chunk(1, status, 0, 4, ByteBuffer.allocate(4).putInt(0, 7))));
    assertBroken(statusFrom(chunk(1, status, 0, 13, ByteBuffer.allocate(13).putInt(0, 7))));
    IOException e = statusFrom(chunk(1, Protocol.REPLY_NONE, 0, 0, ByteBuffer.allocate(0)));
    assertTrue(String.valueOf(e.getMessage()).contains("no status"), e.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "HTTP/1.1 400 Bad Request", "NBDMAGIC and then something else"})
  void whatIsNoNbdServerIsRefused(String greeting) throws IOException {
    try (var listener =
        NbdListener.open(
            socket(), stream -> stream.write(ByteBuffer.wrap(greeting.getBytes(UTF_8))))) {
      var e = assertThrows(IOException.class, () -> connect(listener));
      assertTrue(
          String.valueOf(e.getMessage()).startsWith("cannot use the NBD server"), e.toString());
    }
  }

  @Test
  void aServerThatSaysNothingIsGivenUp() throws IOException {
    var end = new CountDownLatch(1);
    try (var listener =
        NbdListener.open(
            socket(),
            stream -> {
              try {
                end.await();
              } catch (InterruptedException e) {
                throw new IOException(e);
              }
            })) {
      var impatient = new NbdClient.Settings(Duration.ofMillis(200), Duration.ofSeconds(1));
      assertThrows(IOException.class, () -> NbdClient.connect(socket(), impatient));
      end.countDown();
    }
  }
}
