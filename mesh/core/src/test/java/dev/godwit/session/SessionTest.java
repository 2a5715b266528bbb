package dev.godwit.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.session.SessionFixture.Counting;
import dev.godwit.session.SessionFixture.Script;
import dev.godwit.stream.Connection;
import dev.godwit.stream.PooledBuffer;
import dev.godwit.testing.Patience;
import dev.godwit.wire.Checksum;
import dev.godwit.wire.FrameType;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class SessionTest {

  private static void echo(Call call) throws IOException {
    PooledBuffer buffer = call.buffer();
    buffer.bytes().put(call.content());
    call.reply(null, buffer);
  }

  @Test
  void asksAgainWhatTheDeadConnectionDidNotAnswer() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            if (calls.getAndIncrement() == 0) {
              asked.countDown();
              SessionFixture.await(never);
            }
            echo(call);
          });
      session.start();
      Counting request = new Counting(Lane.DEMAND, 5);
      session.submit(request);
      SessionFixture.await(asked);
      fixture.connections.getLast().close("cut");
      assertEquals(
          (byte) 5, request.answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      assertEquals(2, calls.get());
      never.countDown();
      assertEquals(ByteBuffer.allocate(0), session.call((byte) 1, null).content());
      assertEquals(1, request.ends.get());
    }
  }

  @Test
  void aRequestIsCompletedOnceThoughTwoConnectionsAnswerIt() throws Exception {
    CountDownLatch bothAsked = new CountDownLatch(40);
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            bothAsked.countDown();
            SessionFixture.await(bothAsked);
            echo(call);
          });
      session.start();
      List<Counting> requests = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        requests.add(new Counting(Lane.DEMAND, i));
        session.submit(requests.getLast());
      }
      session.moveTo(fixture.greeted());
      for (int i = 0; i < 20; i++) {
        assertEquals(
            (byte) i,
            requests.get(i).answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      }
      assertTrue(session.call((byte) 1, null).content().remaining() == 0);
      for (Counting request : requests) {
        assertEquals(1, request.ends.get());
      }
    }
  }

  @Test
  void movesToAnotherConnectionInTheMiddleOfEverything() throws Exception {
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(SessionTest::echo);
      session.start();
      List<Counting> requests = new ArrayList<>();
      for (int i = 0; i < 400; i++) {
        requests.add(new Counting(i % 2 == 0 ? Lane.DEMAND : Lane.BULK, i));
        session.submit(requests.getLast());
        if (i % 40 == 39) {
          session.moveTo(fixture.greeted());
        }
      }
      for (int i = 0; i < 400; i++) {
        assertEquals(
            (byte) i,
            requests.get(i).answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
        assertEquals(1, requests.get(i).ends.get());
      }
      assertTrue(fixture.connections.getFirst().isOpen(), "connections are not the session's");
    }
  }

  @Test
  void aDamagedAnswerIsAskedForAgain() throws Exception {
    AtomicInteger answers = new AtomicInteger();
    try (var fixture = new SessionFixture();
        Session session = SessionFixture.session(fixture::dial, SessionFixture.TIMING)) {
      fixture.script(
          stream -> {
            Script script = new Script(stream);
            while (script.reader.next()) {
              if (script.reader.header().type() == FrameType.REQUEST) {
                byte[] content = {7};
                int right = new Checksum().of(ByteBuffer.wrap(content));
                int sum = answers.getAndIncrement() == 0 ? right + 1 : right;
                script.send(FrameType.REPLY, script.reader.header().requestId(), content, sum);
              }
            }
          });
      session.start();
      assertEquals(7, session.call((byte) 1, null).content().get());
      assertEquals(2, answers.get());
    }
  }

  @Test
  void anAnswerThatStaysDamagedFailsTheRequestAndNotTheSession() throws Exception {
    AtomicBoolean damaged = new AtomicBoolean(true);
    try (var fixture = new SessionFixture();
        Session session = SessionFixture.session(fixture::dial, SessionFixture.TIMING)) {
      fixture.script(
          stream -> {
            Script script = new Script(stream);
            while (script.reader.next()) {
              if (script.reader.header().type() == FrameType.REQUEST) {
                byte[] content = {7};
                int right = new Checksum().of(ByteBuffer.wrap(content));
                script.send(
                    FrameType.REPLY,
                    script.reader.header().requestId(),
                    content,
                    damaged.get() ? ~right : right);
              }
            }
          });
      session.start();
      IOException failed = assertThrows(IOException.class, () -> session.call((byte) 1, null));
      assertTrue(String.valueOf(failed.getMessage()).contains("checksum"), failed::getMessage);
      damaged.set(false);
      assertEquals(7, session.call((byte) 1, null).content().get());
    }
  }

  @Test
  void answersToNothingAreIgnoredAndWhatIsNoAnswerEndsTheConnection() throws Exception {
    AtomicInteger streams = new AtomicInteger();
    try (var fixture = new SessionFixture();
        Session session = SessionFixture.session(fixture::dial, SessionFixture.TIMING)) {
      fixture.script(
          stream -> {
            boolean first = streams.getAndIncrement() < Lane.values().length;
            Script script = new Script(stream);
            while (script.reader.next()) {
              if (script.reader.header().type() == FrameType.REQUEST) {
                long id = script.reader.header().requestId();
                script.send(FrameType.REPLY, id + 100, new byte[0], 0);
                script.send(first ? FrameType.OPEN : FrameType.REPLY, id, new byte[0], 0);
              }
            }
          });
      session.start();
      assertEquals(0, session.call((byte) 1, null).content().remaining());
      assertTrue(streams.get() > Lane.values().length, "the first connection was left");
    }
  }

  @Test
  void closesWhenThereIsNoConnectionForTooLong() throws Exception {
    AtomicBoolean gone = new AtomicBoolean();
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    SessionTiming impatient =
        new SessionTiming(
            Duration.ofMillis(30),
            Duration.ofSeconds(20),
            Duration.ofMillis(1),
            Duration.ofMillis(5));
    try (var fixture = new SessionFixture();
        Session session =
            SessionFixture.session(
                () -> {
                  if (gone.get()) {
                    throw new IOException("no way there");
                  }
                  return fixture.greeted();
                },
                impatient)) {
      fixture.answer(
          call -> {
            asked.countDown();
            SessionFixture.await(over);
          });
      session.start();
      Counting request = new Counting(Lane.DEMAND, 1);
      session.submit(request);
      SessionFixture.await(asked);
      gone.set(true);
      fixture.connections.getLast().close("cut");
      ExecutionException failed =
          assertThrows(
              ExecutionException.class,
              () -> request.answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      assertInstanceOf(SessionClosedException.class, failed.getCause());
      assertTrue(String.valueOf(failed.getMessage()).contains("no way there"));
      assertInstanceOf(SessionState.Closed.class, session.state());
      assertThrows(SessionClosedException.class, () -> session.call((byte) 1, null));
      assertEquals(1, request.ends.get());
      over.countDown();
    }
  }

  @Test
  void theStatesOfASessionAreToldInOrder() throws Exception {
    List<SessionState> states = new CopyOnWriteArrayList<>();
    CountDownLatch back = new CountDownLatch(2);
    CountDownLatch over = new CountDownLatch(1);
    try (var fixture = new SessionFixture()) {
      fixture.answer(SessionTest::echo);
      Session session = fixture.session();
      session.onChange(
          state -> {
            states.add(state);
            switch (state) {
              case SessionState.Connected _ -> back.countDown();
              case SessionState.Closed _ -> over.countDown();
              default -> {}
            }
          });
      session.start();
      fixture.connections.getLast().close("cut");
      SessionFixture.await(back);
      session.close();
      session.close();
      SessionFixture.await(over);
      assertInstanceOf(SessionState.Connected.class, states.getFirst());
      assertInstanceOf(SessionState.Recovering.class, states.get(1));
      assertInstanceOf(SessionState.Closed.class, states.getLast());
    }
  }

  @Test
  void aRefusedSessionClosesWithTheRefusal() throws Exception {
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          (peer, open) -> {
            throw new RemoteException(Failure.Code.NOT_ALLOWED, "not you");
          });
      session.start();
      RemoteException refused =
          assertThrows(RemoteException.class, () -> session.call((byte) 1, null));
      assertEquals(Failure.Code.NOT_ALLOWED, refused.code());
      assertInstanceOf(SessionState.Closed.class, session.state());
    }
  }

  @Test
  void aPeerThatOffersTheResourceAgainIsAwaited() throws Exception {
    AtomicInteger refusals = new AtomicInteger();
    AtomicBoolean away = new AtomicBoolean();
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          (peer, open) -> {
            if (away.get() && refusals.incrementAndGet() <= 6) {
              throw new RemoteException(Failure.Code.NO_SUCH_RESOURCE, "not yet");
            }
            return call -> call.reply(null);
          });
      session.start();
      assertEquals(0, session.call((byte) 1, null).content().remaining());
      away.set(true);
      fixture.connections.getLast().close("cut");
      assertEquals(0, session.call((byte) 1, null).content().remaining());
      assertTrue(refusals.get() > 6, "it was refused for a while");
    }
  }

  @Test
  void whatWasNeverOfferedIsNotAwaited() throws Exception {
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          (peer, open) -> {
            throw new RemoteException(Failure.Code.NO_SUCH_RESOURCE, "no such thing");
          });
      session.start();
      assertThrows(RemoteException.class, () -> session.call((byte) 1, null));
      assertInstanceOf(SessionState.Closed.class, session.state());
    }
  }

  @Test
  void aPeerThatRefusesTheGreetingClosesTheSessionInsteadOfBeingAskedForEver() {
    AtomicInteger attempts = new AtomicInteger();
    Session session =
        SessionFixture.session(
            () -> {
              attempts.getAndIncrement();
              throw new RemoteException(Failure.Code.NOT_A_MEMBER, "not you");
            },
            SessionFixture.TIMING);
    assertThrows(RemoteException.class, session::start);
    assertThrows(RemoteException.class, () -> session.call((byte) 1, null));
    assertEquals(1, attempts.get());
  }

  @Test
  void aRefusedRequestIsThatRequestsFailureOnly() throws Exception {
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            if (call.operation() == 9) {
              throw new RemoteException(Failure.Code.CONFLICT, "not now");
            }
            call.reply(null);
          });
      session.start();
      RemoteException refused =
          assertThrows(RemoteException.class, () -> session.call((byte) 9, null));
      assertEquals(Failure.Code.CONFLICT, refused.code());
      assertEquals(0, session.call((byte) 1, null).content().remaining());
      assertEquals(1, fixture.connections.size());
    }
  }

  @Test
  void aCallWithoutAnAnswerTimesOutAndALateAnswerHarmsNobody() throws Exception {
    CountDownLatch late = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            if (calls.getAndIncrement() == 0) {
              SessionFixture.await(late);
            }
            call.reply(null);
          });
      session.start();
      RequestTimeoutException timeout =
          assertThrows(
              RequestTimeoutException.class,
              () -> session.call((byte) 3, null, Duration.ofMillis(20)));
      assertTrue(String.valueOf(timeout.getMessage()).contains("operation 3"));
      late.countDown();
      assertEquals(0, session.call((byte) 1, null).content().remaining());
    }
  }

  @Test
  void closingFailsWhatIsUnansweredAndLeavesTheConnectionOpen() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(
          call -> {
            asked.countDown();
            SessionFixture.await(over);
          });
      session.start();
      Counting request = new Counting(Lane.DEMAND, 1);
      session.submit(request);
      SessionFixture.await(asked);
      session.close();
      assertThrows(
          ExecutionException.class,
          () -> request.answer.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
      Connection connection = fixture.connections.getLast();
      assertTrue(connection.isOpen());
      assertThrows(IOException.class, () -> session.moveTo(connection));
      over.countDown();
    }
  }

  @Test
  void aDeadConnectionToMoveToLeavesTheSessionWhereItIs() throws Exception {
    try (var fixture = new SessionFixture();
        Session session = fixture.session()) {
      fixture.answer(SessionTest::echo);
      session.start();
      Connection dead = fixture.greeted();
      dead.close("gone");
      assertThrows(IOException.class, () -> session.moveTo(dead));
      assertEquals(0, session.call((byte) 1, null).content().remaining());
      assertEquals(Duration.ZERO, session.roundTrip());
    }
  }
}
