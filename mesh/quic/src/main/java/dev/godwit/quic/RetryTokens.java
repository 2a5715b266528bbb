package dev.godwit.quic;

import dev.godwit.limit.Source;
import dev.godwit.limit.SourceQuota;
import dev.godwit.limit.TokenBucket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.quic.QuicTokenHandler;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keeps those who only say that they want to connect from costing anything (RFC 9000, section 8.1).
 * While few handshakes are under way, and few have begun lately, every one is begun at once; above
 * that a first packet is answered with a token, and nothing is remembered until it comes back,
 * which proves the address; above a second limit nothing is begun. Those that have begun count for
 * a while even if they are over: a first packet that is noise costs as much as a handshake, and
 * ends at once. For one event loop; {@link #begun} and {@link #ended} as well.
 */
final class RetryTokens implements QuicTokenHandler {
  /** Handshakes under way, and begun in a second, that are not asked for a token. */
  static final int FREE = 32;

  /** Handshakes under way at most. */
  static final int MOST = 512;

  /**
   * Those of one address. More than {@link #FREE}, so that whoever writes another's address on
   * first packets does not lock him out.
   */
  static final int MOST_PER_ADDRESS = 64;

  private static final Duration LIFETIME = Duration.ofSeconds(10);
  private static final String MAC = "HmacSHA256";
  private static final int MAC_BYTES = 32;
  private static final int TIME_BYTES = 8;

  /** RFC 9000, section 17.2. */
  private static final int MAX_ID_BYTES = 20;

  private final SecretKeySpec key;
  private final InstantSource clock;
  private final int free;
  private final SourceQuota underWay = new SourceQuota(MOST_PER_ADDRESS, MOST);

  /** Of handshakes without a token. */
  private final TokenBucket lately;

  /**
   * Tokens that only this object knows again.
   *
   * @param free from how many handshakes on tokens are asked for
   */
  RetryTokens(InstantSource clock, SecureRandom random, int free) {
    byte[] secret = new byte[MAC_BYTES];
    random.nextBytes(secret);
    this.key = new SecretKeySpec(secret, MAC);
    this.clock = clock;
    this.free = free;
    this.lately = new TokenBucket(clock, free, free, Duration.ofSeconds(1));
  }

  /** Whether a handshake may begin; it is under way then. */
  boolean begun(Source from) {
    return underWay.enter(from);
  }

  /** A handshake is over, whatever came of it. */
  void ended(Source from) {
    underWay.leave(from);
  }

  /** How many handshakes are under way. */
  int underWay() {
    return underWay.inAll();
  }

  @Override
  public boolean writeToken(ByteBuf out, ByteBuf connectionId, InetSocketAddress address) {
    if (underWay.inAll() < free && lately.take().isEmpty()) {
      return false;
    }
    byte[] id = ByteBufUtil.getBytes(connectionId);
    byte[] time = time(clock.instant().plus(LIFETIME).toEpochMilli());
    out.writeBytes(time).writeBytes(mac(time, id, address)).writeBytes(id);
    return true;
  }

  @Override
  public int validateToken(ByteBuf token, InetSocketAddress address) {
    int start = TIME_BYTES + MAC_BYTES;
    if (token.readableBytes() < start
        || token.readableBytes() > maxTokenLength()
        || !underWay.hasRoom(Source.of(address.getAddress()))) {
      return -1;
    }
    byte[] bytes = ByteBufUtil.getBytes(token);
    byte[] time = Arrays.copyOf(bytes, TIME_BYTES);
    byte[] id = Arrays.copyOfRange(bytes, start, bytes.length);
    boolean genuine =
        MessageDigest.isEqual(mac(time, id, address), Arrays.copyOfRange(bytes, TIME_BYTES, start));
    return genuine && ByteBuffer.wrap(time).getLong() >= clock.millis() ? start : -1;
  }

  @Override
  public int maxTokenLength() {
    return TIME_BYTES + MAC_BYTES + MAX_ID_BYTES;
  }

  private static byte[] time(long millis) {
    return ByteBuffer.allocate(TIME_BYTES).putLong(millis).array();
  }

  private byte[] mac(byte[] time, byte[] id, InetSocketAddress address) {
    try {
      Mac mac = Mac.getInstance(MAC);
      mac.init(key);
      mac.update(time);
      mac.update(address.getAddress().getAddress());
      mac.update(ByteBuffer.allocate(Short.BYTES).putShort((short) address.getPort()).flip());
      return mac.doFinal(id);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("Every JDK has " + MAC + ".", e);
    }
  }
}
