package dev.godwit.quic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.limit.Source;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class RetryTokensTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Source SOMEBODY = new Source("somebody");

  private final AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
  private final RetryTokens tokens = new RetryTokens(now::get, RANDOM, 2);
  private final InetSocketAddress address = at(1, 4000);
  private final byte[] id = new byte[8];
  private int begun;

  RetryTokensTest() {
    RANDOM.nextBytes(id);
  }

  private static InetSocketAddress at(int host, int port) {
    try {
      return new InetSocketAddress(
          InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) host}), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  private void begin(int handshakes) {
    for (int i = 0; i < handshakes; i++) {
      assertTrue(tokens.begun(new Source("somebody " + begun++)));
    }
  }

  private ByteBuf token() {
    ByteBuf token = Unpooled.buffer();
    assertTrue(tokens.writeToken(token, Unpooled.wrappedBuffer(id), address));
    return token;
  }

  @Test
  void whileFewHandshakesAreUnderWayNobodyIsAsked() {
    ByteBuf out = Unpooled.buffer();
    begin(1);
    assertFalse(tokens.writeToken(out, Unpooled.wrappedBuffer(id), address));
    assertEquals(0, out.readableBytes());
    assertTrue(tokens.begun(SOMEBODY));
    assertTrue(tokens.writeToken(out, Unpooled.wrappedBuffer(id), address));
    tokens.ended(SOMEBODY);
    assertFalse(tokens.writeToken(out, Unpooled.wrappedBuffer(id), address));
  }

  private int begunAtOnce(int packets) {
    int begun = 0;
    for (int i = 0; i < packets; i++) {
      if (!tokens.writeToken(Unpooled.buffer(), Unpooled.wrappedBuffer(id), address)) {
        begun++;
        assertTrue(tokens.begun(SOMEBODY));
        tokens.ended(SOMEBODY);
      }
    }
    return begun;
  }

  @Test
  void noiseThatEndsAtOnceCountsForAWhile() {
    assertEquals(2, begunAtOnce(1000));
    now.set(Instant.EPOCH.plusMillis(500));
    assertEquals(1, begunAtOnce(1000));
    now.set(Instant.EPOCH.plusSeconds(100));
    assertEquals(2, begunAtOnce(1000));
  }

  @Test
  void aClockThatIsSetBackForgivesNothing() {
    assertEquals(2, begunAtOnce(10));
    now.set(Instant.EPOCH.minusSeconds(100));
    assertEquals(0, begunAtOnce(10));
    now.set(Instant.EPOCH.minusSeconds(99));
    assertEquals(2, begunAtOnce(10));
  }

  @Test
  void aTokenBringsTheFirstConnectionIdBack() {
    begin(2);
    ByteBuf token = token();
    int at = tokens.validateToken(token, address);
    assertEquals(Unpooled.wrappedBuffer(id), token.slice(at, token.readableBytes() - at), "the id");
    assertTrue(token.readableBytes() <= tokens.maxTokenLength());
  }

  @Test
  void aTokenIsOfNoUseToAnotherAddress() {
    begin(2);
    ByteBuf token = token();
    assertEquals(-1, tokens.validateToken(token, at(1, 4001)));
    assertEquals(-1, tokens.validateToken(token, at(2, 4000)));
  }

  @Test
  void aTokenIsGoodForTenSeconds() {
    begin(2);
    ByteBuf token = token();
    now.set(Instant.EPOCH.plusSeconds(10));
    assertTrue(tokens.validateToken(token, address) > 0);
    now.set(Instant.EPOCH.plusSeconds(10).plusMillis(1));
    assertEquals(-1, tokens.validateToken(token, address));
  }

  @Test
  void noDamagedTokenIsTaken() {
    begin(2);
    byte[] token = ByteBufUtil.getBytes(token());
    for (int i = 0; i < token.length; i++) {
      byte[] damaged = token.clone();
      damaged[i] ^= 1;
      assertEquals(-1, tokens.validateToken(Unpooled.wrappedBuffer(damaged), address), "at " + i);
    }
    assertEquals(-1, tokens.validateToken(Unpooled.EMPTY_BUFFER, address));
    assertEquals(-1, tokens.validateToken(Unpooled.wrappedBuffer(new byte[1000]), address));
  }

  @Test
  void nobodyIsLetInWhileTooManyHandshakesAreUnderWay() {
    begin(2);
    ByteBuf token = token();
    begin(RetryTokens.MOST - 3);
    assertTrue(tokens.begun(SOMEBODY));
    assertEquals(-1, tokens.validateToken(token, address));
    assertFalse(tokens.begun(new Source("one more")));
    tokens.ended(SOMEBODY);
    assertTrue(tokens.validateToken(token, address) > 0);
  }

  @Test
  void oneAddressDoesNotTakeTheRoomOfOthers() {
    begin(2);
    ByteBuf token = token();
    Source here = Source.of(address.getAddress());
    for (int i = 0; i < RetryTokens.MOST_PER_ADDRESS; i++) {
      assertTrue(tokens.begun(here));
    }
    assertEquals(-1, tokens.validateToken(token, address));
    assertFalse(tokens.begun(here));
    begin(1);
    tokens.ended(here);
    assertTrue(tokens.validateToken(token, address) > 0);
  }
}
