package dev.godwit.session;

import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.MemoryTransport;
import dev.godwit.stream.StreamHandler;
import dev.godwit.testing.Patience;
import dev.godwit.wire.Compression;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.Limits;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A node that answers and one that asks, connected by memory. */
final class SessionFixture implements AutoCloseable {
  static final String PROTOCOL = "test/1";
  static final SecureRandom RANDOM = new SecureRandom();
  static final SessionTiming TIMING =
      new SessionTiming(
          Duration.ofSeconds(10),
          Duration.ofSeconds(20),
          Duration.ofMillis(1),
          Duration.ofMillis(5));
  static final Duration LIMIT = Patience.seconds(10);

  private final MemoryTransport.Network network = new MemoryTransport.Network();
  final TestMesh mesh = new TestMesh();
  final TestMesh.Member alice = mesh.member("alice");
  final TestMesh.Member bob = mesh.member("bob");
  final List<Connection> connections = new CopyOnWriteArrayList<>();
  private final MemoryTransport answering = new MemoryTransport(alice.id(), network);
  private final MemoryTransport asking = new MemoryTransport(bob.id(), network);
  private final List<MemoryTransport> others = new CopyOnWriteArrayList<>();

  /** Every greeted connection's requests go to {@code handler}. */
  void answer(RequestHandler handler) {
    answer((peer, open) -> handler);
  }

  void answer(RequestProtocol.Resolver resolver) {
    answer(resolver, Compression.NONE);
  }

  void answer(RequestProtocol.Resolver resolver, Compression compression) {
    Protocol protocol = new RequestProtocol(resolver, compression);
    welcome(new Greeting(alice.admission(), Map.of(PROTOCOL, protocol), LIMIT));
  }

  /** As the others, with other memory for calls than a node has. */
  void answer(RequestProtocol.Resolver resolver, CallMemory memory) {
    Protocol protocol = new RequestProtocol(resolver, Compression.NONE, alice.admission(), memory);
    welcome(new Greeting(alice.admission(), Map.of(PROTOCOL, protocol), LIMIT));
  }

  void welcome(Greeting greeting) {
    answering.listen(
        connection -> {
          var _ = greeting.welcome(connection);
        });
  }

  /** Streams are given to a script, without a greeting. */
  void script(StreamHandler script) {
    answering.listen(connection -> connection.serve(script));
  }

  Connection dial() throws IOException {
    return asking.dial(alice.id(), List.of("memory"), Duration.ofSeconds(5));
  }

  Connection greeted() throws IOException {
    Connection connection = dial();
    connections.add(connection);
    new Greeting(bob.admission(), Map.of(), LIMIT).greet(connection);
    return connection;
  }

  /** A greeted connection of somebody else than bob. */
  Connection greeted(TestMesh.Member member) throws IOException {
    MemoryTransport transport = new MemoryTransport(member.id(), network);
    others.add(transport);
    Connection connection = transport.dial(alice.id(), List.of("memory"), Duration.ofSeconds(5));
    new Greeting(member.admission(), Map.of(), LIMIT).greet(connection);
    return connection;
  }

  Session session() {
    return session(this::greeted, TIMING);
  }

  static Session session(Session.Connector connector, SessionTiming timing) {
    return new Session(
        SessionId.random(RANDOM), PROTOCOL, "disk", connector, timing, Compression.NONE);
  }

  @Override
  public void close() {
    asking.close();
    others.forEach(MemoryTransport::close);
    answering.close();
  }

  static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("nobody went on");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  /** The other end of a stream, frame by frame. */
  static final class Script {
    final FrameReader reader;
    final FrameWriter writer;

    Script(ByteStream stream) {
      stream.timeout(LIMIT);
      reader = new FrameReader(stream, Limits.STANDARD);
      writer = new FrameWriter(stream);
    }

    void send(FrameType type, long id, byte[] content, int checksum) throws IOException {
      FrameHeader header = new FrameHeader().set(type, (byte) 1, id);
      header.content(Encoding.RAW, content.length, content.length, checksum);
      writer.write(header, null, ByteBuffer.wrap(content));
    }

    void fail(Failure.Code code, long id) throws IOException {
      writer.write(
          new FrameHeader().set(FrameType.FAILURE, (byte) 1, id),
          Failure.newBuilder().setCode(code).setMessage("no").build(),
          null);
    }
  }

  /** A request that counts how often it ends. */
  static final class Counting extends Request {
    final AtomicInteger ends = new AtomicInteger();
    final CompletableFuture<Byte> answer = new CompletableFuture<>();
    private final ByteBuffer content;

    Counting(Lane lane, int number) {
      this(lane, ByteBuffer.wrap(new byte[] {(byte) number}));
    }

    Counting(Lane lane, ByteBuffer content) {
      super((byte) 1, lane);
      this.content = content;
    }

    @Override
    protected @Nullable ByteBuffer content() {
      return content;
    }

    @Override
    protected void replied(FrameHeader header, ByteBuffer control, ByteBuffer content) {
      ends.getAndIncrement();
      answer.complete(content.hasRemaining() ? content.get() : 0);
    }

    @Override
    protected void failed(IOException cause) {
      ends.getAndIncrement();
      answer.completeExceptionally(cause);
    }
  }
}
