package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import dev.godwit.session.SessionFixture.Counting;
import dev.godwit.session.SessionFixture.Script;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.testing.Patience;
import dev.godwit.wire.Checksum;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.FinalizeRequest;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a member may hold that asks and asks, and never takes an answer. */
@Timeout(120)
final class CallMemoryTest {
  /** What a content of 5000 bytes holds. */
  private static final int HELD = 64 * 1024;

  private static final byte[] CONTENT = new byte[5000];
  private static final int STREAMS = 8;
  private static final int EACH = 3;
  private static final Duration SOON = Patience.seconds(30);

  private final PeerBudget answers = new PeerBudget("answers", 1000, 1000);
  private final PeerBudget contents = new PeerBudget("contents", 4 * HELD, 100 * HELD);
  private final PeerBudget calls = new PeerBudget("requests", 4 * HELD, 100 * HELD);

  /** How many requests of bob are being answered. */
  private final AtomicInteger answering = new AtomicInteger();

  /** More than a stream keeps until it is read. */
  private static void answerAtLength(Call call) throws IOException {
    PooledBuffer buffer = call.buffer();
    byte[] much = new byte[512 * 1024];
    much[0] = 1;
    buffer.bytes().put(much);
    call.reply(null, buffer);
  }

  private SessionFixture fixture() {
    SessionFixture fixture = new SessionFixture();
    fixture.answer(
        (peer, _) ->
            call -> {
              if (!peer.id().equals(fixture.bob.id())) {
                call.reply(null);
                return;
              }
              answering.getAndIncrement();
              try {
                answerAtLength(call);
              } finally {
                answering.getAndDecrement();
              }
            },
        new CallMemory(answers, contents, calls));
    return fixture;
  }

  private static Script open(Connection connection, Lane lane) throws IOException {
    ByteStream stream = connection.open(lane.urgency());
    Script script = new Script(stream);
    script.writer.write(
        new FrameHeader().set(FrameType.OPEN, (byte) 0, 0),
        StreamOpen.newBuilder()
            .setProtocol(SessionFixture.PROTOCOL)
            .setSession(ByteString.copyFrom(new byte[16]))
            .setLane(lane.wire())
            .build(),
        null);
    return script;
  }

  /** What is sent on a stream. */
  private interface Sending {
    void to(Script script, long id) throws IOException;
  }

  /** Sends on many streams and reads nothing. */
  private static void flood(Connection connection, Lane lane, Sending sending) throws IOException {
    for (int i = 0; i < STREAMS; i++) {
      Script script = open(connection, lane);
      Thread.ofVirtual()
          .start(
              () -> {
                try {
                  for (int id = 1; id <= EACH; id++) {
                    sending.to(script, id);
                  }
                } catch (IOException e) {
                  // The connection has been closed meanwhile.
                }
              });
    }
  }

  private static void sendContent(Script script, long id) throws IOException {
    script.send(FrameType.REQUEST, id, CONTENT, new Checksum().of(ByteBuffer.wrap(CONTENT)));
  }

  private static void sendControl(Script script, long id) throws IOException {
    FinalizeRequest control =
        FinalizeRequest.newBuilder().setToken(ByteString.copyFrom(new byte[60_000])).build();
    script.writer.write(new FrameHeader().set(FrameType.REQUEST, (byte) 1, id), control, null);
  }

  /** Whether a second member gets an answer to something as large as what the first one sent. */
  private static void assertCarolIsAnswered(SessionFixture fixture) throws Exception {
    TestMesh.Member carol = fixture.mesh.member("carol");
    try (Session session =
        SessionFixture.session(() -> fixture.greeted(carol), SessionFixture.TIMING)) {
      session.start();
      for (Lane lane : Lane.values()) {
        Counting request = new Counting(lane, ByteBuffer.wrap(CONTENT));
        session.submit(request);
        byte _ = request.answer.get(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  private void assertAllIsGivenBack() throws Exception {
    Patience.until(
        "all is given back",
        SOON,
        () -> answers.inAll() == 0 && contents.inAll() == 0 && calls.inAll() == 0);
    assertEquals(0, answering.get());
  }

  @ParameterizedTest
  @EnumSource(Lane.class)
  void contentsOfAMemberThatNeverReadsHaveALimit(Lane lane) throws Exception {
    try (SessionFixture fixture = fixture();
        Connection bob = fixture.greeted()) {
      flood(bob, lane, CallMemoryTest::sendContent);
      Patience.until("as many as may be are answered", SOON, () -> answering.get() >= 4);
      assertCarolIsAnswered(fixture);
      Patience.until("carol's are over", SOON, () -> contents.inAll() == 4 * HELD);
      assertEquals(4, answering.get());
      bob.close();
      assertAllIsGivenBack();
    }
  }

  @Test
  void controlPartsOfAMemberThatNeverReadsHaveALimit() throws Exception {
    try (SessionFixture fixture = fixture();
        Connection bob = fixture.greeted()) {
      flood(bob, Lane.DEMAND, CallMemoryTest::sendControl);
      Patience.until("as many as may be are answered", SOON, () -> answering.get() >= 4);
      assertCarolIsAnswered(fixture);
      Patience.until("carol's are over", SOON, () -> calls.inAll() <= 4 * HELD);
      assertEquals(4, answering.get());
      bob.close();
      assertAllIsGivenBack();
    }
  }

  @Test
  void answersToAMemberThatNeverReadsHaveALimit() throws Exception {
    PeerBudget two = new PeerBudget("answers", 2, 100);
    try (SessionFixture fixture = new SessionFixture()) {
      fixture.answer(
          (_, _) -> CallMemoryTest::answerAtLength, new CallMemory(two, contents, calls));
      try (Connection bob = fixture.greeted()) {
        for (int i = 0; i < 3; i++) {
          sendContent(open(bob, Lane.DEMAND), 1);
        }
        Patience.until("three are asked for", SOON, () -> contents.inAll() == 3 * HELD);
        Patience.until("two are under way", SOON, () -> two.inAll() == 2);
        assertCarolIsAnswered(fixture);
        Patience.until("carol's are over", SOON, () -> contents.inAll() == 3 * HELD);
        assertEquals(2, two.inAll());
      }
      Patience.until("all is given back", SOON, () -> two.inAll() == 0 && contents.inAll() == 0);
    }
  }

  /** Has no memory the first time. */
  private static final class Scarce implements RequestContent.Lender {
    private final RequestContent.Lender rest = new ContentBuffers();
    private final AtomicInteger asked = new AtomicInteger();

    @Override
    public int size(int length) {
      return rest.size(length);
    }

    @Override
    public PooledBuffer lend(int length) {
      if (asked.getAndIncrement() == 0) {
        throw new OutOfMemoryError("Cannot reserve direct buffer memory");
      }
      return rest.lend(length);
    }
  }

  @ParameterizedTest
  @EnumSource(Lane.class)
  void aRequestThatThereIsNoMemoryForIsRefusedAndTheSessionGoesOn(Lane lane) throws Exception {
    try (SessionFixture fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          (_, _) -> call -> call.reply(null),
          new CallMemory(answers, contents, calls, new Scarce()));
      session.start();
      Counting first = new Counting(lane, ByteBuffer.wrap(CONTENT));
      session.submit(first);
      ExecutionException failed =
          assertThrows(
              ExecutionException.class,
              () -> first.answer.get(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS));
      RemoteException refused = assertInstanceOf(RemoteException.class, failed.getCause());
      assertEquals(Failure.Code.BUSY, refused.code());
      Counting second = new Counting(lane, ByteBuffer.wrap(CONTENT));
      session.submit(second);
      byte _ = second.answer.get(Patience.seconds(30).toSeconds(), TimeUnit.SECONDS);
      assertEquals(1, fixture.connections.size());
      assertAllIsGivenBack();
    }
  }
}
