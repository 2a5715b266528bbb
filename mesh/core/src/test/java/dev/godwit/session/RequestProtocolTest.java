package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.session.SessionFixture.Counting;
import dev.godwit.session.SessionFixture.Script;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.testing.Patience;
import dev.godwit.wire.Compression;
import dev.godwit.wire.Encoding;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.AbortRequest;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.FinalizeRequest;
import dev.godwit.wire.proto.StreamOpen;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class RequestProtocolTest {

  private static Failure.Code refusal(Session session, int operation) {
    return assertThrows(RemoteException.class, () -> session.call((byte) operation, null)).code();
  }

  @Test
  void everyFailureIsAnsweredAndTheSessionGoesOn() throws Exception {
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            switch (call.operation()) {
              case 1 -> call.reply(null);
              case 2 -> throw new ProtocolException("nonsense");
              case 3 -> throw new IOException("the disk is on fire");
              case 4 -> throw new IllegalStateException("a bug");
              case 5 -> {
                call.reply(null);
                throw new IOException("after the answer");
              }
              case 6 -> throw new UnsatisfiedLinkError("a library that is not there");
              default -> throw new RemoteException(Failure.Code.UNKNOWN_OPERATION, "what?");
            }
          });
      session.start();
      assertEquals(Failure.Code.MALFORMED, refusal(session, 2));
      assertEquals(Failure.Code.IO, refusal(session, 3));
      assertEquals(Failure.Code.INTERNAL, refusal(session, 4));
      assertEquals(Failure.Code.INTERNAL, refusal(session, 6));
      assertEquals(Failure.Code.UNKNOWN_OPERATION, refusal(session, 99));
      assertEquals(0, session.call((byte) 5, null).content().remaining());
      assertEquals(0, session.call((byte) 1, null).content().remaining());
      assertEquals(1, fixture.connections.size());
    }
  }

  @Test
  void whoIsNotWelcomeAnyMoreIsRefusedAtTheNextRequest() throws Exception {
    AtomicInteger answered = new AtomicInteger();
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      Protocol protocol =
          new RequestProtocol(
              (_, _) ->
                  call -> {
                    answered.getAndIncrement();
                    call.reply(null);
                  },
              Compression.NONE,
              fixture.alice.admission(),
              CallMemory.of(1 << 20));
      fixture.welcome(
          new Greeting(
              fixture.alice.admission(),
              Map.of(SessionFixture.PROTOCOL, protocol),
              SessionFixture.LIMIT));
      session.start();
      assertEquals(0, session.call((byte) 1, null).content().remaining());
      fixture.alice.admission().learn(fixture.mesh.revoke(fixture.bob.id()));
      assertEquals(Failure.Code.NOT_A_MEMBER, refusal(session, 1));
      assertEquals(1, answered.get());
    }
  }

  @Test
  void aMalformedControlPartIsAnswered() throws Exception {
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            call.reply(call.control(AbortRequest.parser()));
          });
      session.start();
      // Its token is where the reason should be, and no text.
      FinalizeRequest other =
          FinalizeRequest.newBuilder()
              .setToken(ByteString.copyFrom(new byte[] {(byte) 0xff, (byte) 0xfe}))
              .build();
      RemoteException refused =
          assertThrows(RemoteException.class, () -> session.call((byte) 1, other));
      assertEquals(Failure.Code.MALFORMED, refused.code());
    }
  }

  @Test
  void demandRequestsAreAnsweredSideBySide() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            if (call.content().get() == 0) {
              SessionFixture.await(first);
            }
            call.reply(null);
          });
      session.start();
      Counting slow = new Counting(Lane.DEMAND, 0);
      Counting quick = new Counting(Lane.DEMAND, 1);
      session.submit(slow);
      session.submit(quick);
      quick.answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
      assertFalse(slow.answer.isDone());
      first.countDown();
      slow.answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    }
  }

  /** Compresses nothing and counts how often it is asked to. */
  private static final class Tried implements Compression {
    final AtomicInteger times = new AtomicInteger();

    @Override
    public boolean compress(ByteBuffer src, ByteBuffer dst) {
      times.getAndIncrement();
      return false;
    }

    @Override
    public void decompress(ByteBuffer src, ByteBuffer dst) throws ProtocolException {
      Compression.NONE.decompress(src, dst);
    }
  }

  @Test
  void demandAnswersLearnFromThoseBeforeWhetherCompressingPays() throws Exception {
    Tried tried = new Tried();
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          (peer, open) ->
              call -> {
                PooledBuffer buffer = call.buffer();
                buffer.bytes().put(new byte[8191]).put((byte) 1);
                call.reply(null, buffer);
              },
          tried);
      session.start();
      assertEquals(8192, session.call((byte) 1, null).content().remaining());
      assertEquals(0, tried.times.get());
      // The answer may be here before the other side has noted how long sending it took.
      for (int i = 0; i < 1000 && tried.times.get() == 0; i++) {
        assertEquals(8192, session.call((byte) 1, null).content().remaining());
      }
      assertTrue(tried.times.get() > 0);
    }
  }

  @Test
  void bulkRequestsAreAnsweredInOrder() throws Exception {
    List<Byte> handled = new CopyOnWriteArrayList<>();
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            handled.add(call.content().get());
            call.reply(null);
          });
      session.start();
      Counting last = new Counting(Lane.BULK, 0);
      for (int i = 0; i < 100; i++) {
        last = new Counting(Lane.BULK, i);
        session.submit(last);
      }
      last.answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
      for (int i = 0; i < 100; i++) {
        assertEquals((byte) i, handled.get(i));
      }
    }
  }

  @Test
  void aBulkTransferDoesNotHoldUpADemandRequest() throws Exception {
    CountDownLatch bulk = new CountDownLatch(1);
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            if (call.operation() == 1) {
              SessionFixture.await(bulk);
            }
            call.reply(null);
          });
      session.start();
      Counting background = new Counting(Lane.BULK, 0);
      session.submit(background);
      assertEquals(0, session.call((byte) 2, null).content().remaining());
      bulk.countDown();
      background.answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    }
  }

  private static Script open(ByteStream stream, StreamOpen open) throws IOException {
    Script script = new Script(stream);
    script.writer.write(new FrameHeader().set(FrameType.OPEN, (byte) 0, 0), open, null);
    return script;
  }

  private static StreamOpen open(int sessionBytes) {
    return StreamOpen.newBuilder()
        .setProtocol(SessionFixture.PROTOCOL)
        .setSession(ByteString.copyFrom(new byte[sessionBytes]))
        .build();
  }

  @Test
  void aSessionIdOfAnotherLengthIsRefused() throws Exception {
    try (var fixture = new SessionFixture()) {
      fixture.answer(call -> call.reply(null));
      try (ByteStream stream = fixture.greeted().open(Urgency.DEMAND)) {
        Script script = open(stream, open(15));
        script.reader.expect(FrameType.REPLY);
        assertEquals(Failure.Code.MALFORMED, script.reader.control(Failure.parser()).getCode());
      }
    }
  }

  @Test
  void aRequestWithDamagedOrCompressedContentEndsTheStream() throws Exception {
    try (var fixture = new SessionFixture()) {
      fixture.answer(call -> call.reply(null));
      for (FrameHeader header :
          List.of(
              new FrameHeader()
                  .set(FrameType.REQUEST, (byte) 1, 1)
                  .content(Encoding.RAW, 1, 1, 12345),
              new FrameHeader()
                  .set(FrameType.REQUEST, (byte) 1, 1)
                  .content(Encoding.ZSTD, 1, 1000, 0),
              new FrameHeader().set(FrameType.REPLY, (byte) 1, 1))) {
        try (ByteStream stream = fixture.greeted().open(Urgency.DEMAND)) {
          Script script = open(stream, open(16));
          assertThrows(
              IOException.class,
              () -> {
                script.writer.write(
                    header, null, header.wireLength() == 0 ? null : ByteBuffer.allocate(1));
                script.reader.expect(FrameType.REPLY);
              });
        }
      }
    }
  }

  @Test
  void theLastAnswersComeBeforeTheEnd() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (var fixture = new SessionFixture()) {
      fixture.answer(
          call -> {
            SessionFixture.await(go);
            call.reply(null);
          });
      try (ByteStream stream = fixture.greeted().open(Urgency.DEMAND)) {
        Script script = open(stream, open(16));
        script.send(FrameType.REQUEST, 7, new byte[0], 0);
        stream.finish();
        go.countDown();
        assertTrue(script.reader.next());
        assertEquals(7, script.reader.header().requestId());
        assertFalse(script.reader.next());
      }
    }
  }
}
