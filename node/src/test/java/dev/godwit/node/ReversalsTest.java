package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.path.CheckToken;
import dev.godwit.stream.Connection;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReversalsTest {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Reversals reversals = new Reversals();
  private final CheckToken token = CheckToken.random(RANDOM);
  private final List<Connection> taken = new ArrayList<>();

  private void arrives(CheckToken shown, Connection connection) {
    reversals.find(Reversals.text(shown)).orElseThrow().accept(connection);
  }

  @Test
  void nobodyIsAwaitedAtFirst() {
    assertTrue(reversals.find(Reversals.text(token)).isEmpty());
    assertTrue(reversals.find(ByteString.EMPTY).isEmpty());
  }

  @Test
  void whoShowsTheTokenGetsToWhoWaits() {
    reversals.await(token, taken::add);
    FakeConnection connection = FakeConnection.over("tls");
    arrives(token, connection);
    assertSame(connection, taken.getFirst());
  }

  @Test
  void aSecondConnectionWithTheTokenGetsThereToo() {
    reversals.await(token, taken::add);
    arrives(token, FakeConnection.over("tls"));
    arrives(token, FakeConnection.over("quic"));
    assertEquals(2, taken.size());
  }

  @Test
  void othersTokensAreOthers() {
    List<Connection> elsewhere = new ArrayList<>();
    CheckToken other = CheckToken.random(RANDOM);
    reversals.await(token, taken::add);
    reversals.await(other, elsewhere::add);
    arrives(other, FakeConnection.over("tls"));
    assertEquals(0, taken.size());
    assertEquals(1, elsewhere.size());
    byte[] nearly = token.value().toByteArray();
    nearly[0] ^= 1;
    assertTrue(reversals.find(ByteString.copyFrom(nearly)).isEmpty());
  }

  @Test
  void whoIsForgottenIsAwaitedNoMore() {
    CheckToken other = CheckToken.random(RANDOM);
    reversals.await(token, taken::add);
    reversals.await(other, taken::add);
    reversals.forget(token);
    assertTrue(reversals.find(Reversals.text(token)).isEmpty());
    assertTrue(reversals.find(Reversals.text(other)).isPresent());
  }
}
