package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.BackendClosedException;
import dev.godwit.backend.Extent;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.stream.ByteStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * An export of an NBD server as a backend. Any number of threads may have requests under way on the
 * one connection. A request that is not answered in time, a broken reply or a lost connection ends
 * the connection: everything under way and everything later fails.
 *
 * <p>Ranges need no alignment: for servers that want whole blocks the edges are read first and
 * written back whole.
 */
public final class NbdClient implements Backend {
  private static final long ZERO_PIECE = 256L << 20;
  private static final long STATUS_PIECE = 1L << 30;
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 18).asReadOnlyBuffer();
  private static final Duration CLOSE_WAIT = Duration.ofSeconds(5);

  private final ByteStream stream;
  private final ClientHandshake.Offer offer;
  private final Settings settings;
  private final SendQueue outgoing;
  private final ReplyReader replies;
  private final ConcurrentHashMap<Long, ClientRequest> waiting = new ConcurrentHashMap<>();
  private final AtomicLong cookies = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final Thread reader;

  /**
   * Writes of whole blocks share it, a write that has to read a block's other bytes first excludes
   * them: it would put back what they have just changed.
   */
  private final ReadWriteLock edges = new ReentrantReadWriteLock();

  private volatile @Nullable IOException broken;

  /**
   * How long a client waits.
   *
   * @param connect for the connection and the handshake, positive
   * @param request for the reply to a request, positive
   */
  public record Settings(Duration connect, Duration request) {
    /** 10 and 60 seconds. */
    public static final Settings DEFAULT =
        new Settings(Duration.ofSeconds(10), Duration.ofSeconds(60));

    /** Rejects waits that are none. */
    public Settings {
      if (!connect.isPositive() || !request.isPositive()) {
        throw new IllegalArgumentException("timeouts " + connect + ", " + request);
      }
    }
  }

  private NbdClient(ByteStream stream, ClientHandshake.Offer offer, Settings settings) {
    this.stream = stream;
    this.offer = offer;
    this.settings = settings;
    this.outgoing = new SendQueue(stream);
    this.replies = new ReplyReader(stream, offer.replies(), offer.allocationContext());
    this.reader = Thread.ofPlatform().daemon().name("nbd-replies").unstarted(this::readReplies);
  }

  /**
   * Connects to a server.
   *
   * @throws NbdException when the server refuses the export
   * @throws IOException when it cannot be reached or speaks something else
   */
  public static NbdClient connect(NbdAddress address, Settings settings) throws IOException {
    try {
      SocketChannel channel = open(address, settings.connect());
      return over(new SocketByteStream(channel, System::nanoTime), address.export(), settings);
    } catch (NbdException e) {
      throw new NbdException(e.error(), address + ": " + e.getMessage());
    } catch (IOException e) {
      throw new IOException("cannot use the NBD server " + address + ": " + e.getMessage(), e);
    }
  }

  private static SocketChannel open(NbdAddress address, Duration limit) throws IOException {
    switch (address) {
      case NbdAddress.Unix unix -> {
        return SocketChannel.open(UnixDomainSocketAddress.of(unix.path()));
      }
      case NbdAddress.Tcp tcp -> {
        var target = new InetSocketAddress(tcp.host(), tcp.port());
        if (target.isUnresolved()) {
          throw new UnknownHostException(tcp.host());
        }
        SocketChannel channel = SocketChannel.open();
        try {
          channel.socket().connect(target, (int) Math.min(limit.toMillis(), Integer.MAX_VALUE));
          var _ = channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
          var _ = channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
          return channel;
        } catch (IOException e) {
          channel.close();
          throw e;
        }
      }
    }
  }

  /**
   * Speaks NBD over a connected stream, which the client owns from now on, also when this fails.
   *
   * @param stream supports {@link ByteStream#timeout}
   * @throws NbdException when the server refuses the export
   * @throws IOException when the connection failed or the server speaks something else
   */
  public static NbdClient over(ByteStream stream, String export, Settings settings)
      throws IOException {
    boolean done = false;
    try {
      stream.timeout(settings.connect());
      ClientHandshake.Offer offer =
          new ClientHandshake(stream, export, Negotiated.Replies.STRUCTURED).run();
      stream.timeout(Duration.ZERO);
      var client = new NbdClient(stream, offer, settings);
      client.reader.start();
      done = true;
      return client;
    } finally {
      if (!done) {
        stream.close();
      }
    }
  }

  /** Whether the server lets its clients write. */
  public Export.Access access() {
    return offers(Protocol.READ_ONLY) ? Export.Access.READ_ONLY : Export.Access.READ_WRITE;
  }

  private boolean offers(int flag) {
    return (offer.flags() & flag) != 0;
  }

  @Override
  public long size() {
    return offer.size();
  }

  @Override
  public Latency latency() {
    return Latency.REMOTE;
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    check(offset, dst.remaining());
    long at = offset;
    while (dst.hasRemaining()) {
      int whole = wholeBlocks(at, dst.remaining());
      if (whole > 0) {
        int piece = Math.min(whole, offer.maximum());
        submit(ClientRequest.read(cookies.getAndIncrement(), at, dst.slice(dst.position(), piece)));
        dst.position(dst.position() + piece);
        at += piece;
      } else {
        ByteBuffer block = readBlock(at);
        int piece = Math.min(block.remaining(), dst.remaining());
        dst.put(block.limit(block.position() + piece));
        at += piece;
      }
    }
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    checkChange(offset, src.remaining());
    long at = offset;
    while (src.hasRemaining()) {
      int whole = wholeBlocks(at, src.remaining());
      int piece;
      if (whole > 0) {
        piece = Math.min(whole, offer.maximum());
        writeBlocks(src.slice(src.position(), piece), at);
      } else {
        piece = writeEdge(src, at);
      }
      src.position(src.position() + piece);
      at += piece;
    }
  }

  private void writeBlocks(ByteBuffer blocks, long at) throws IOException {
    if (offer.minimum() == 1) {
      submit(ClientRequest.write(cookies.getAndIncrement(), at, blocks));
      return;
    }
    edges.readLock().lock();
    try {
      submit(ClientRequest.write(cookies.getAndIncrement(), at, blocks));
    } finally {
      edges.readLock().unlock();
    }
  }

  /** Changes part of one block; returns how many bytes of {@code src} that took. */
  private int writeEdge(ByteBuffer src, long at) throws IOException {
    edges.writeLock().lock();
    try {
      ByteBuffer block = readBlock(at);
      int within = block.position();
      int piece = Math.min(block.remaining(), src.remaining());
      block.put(within, src, src.position(), piece).position(0);
      submit(ClientRequest.write(cookies.getAndIncrement(), at - within, block));
      return piece;
    } finally {
      edges.writeLock().unlock();
    }
  }

  /** The block around an offset, positioned there. */
  private ByteBuffer readBlock(long at) throws IOException {
    long start = at & -offer.minimum();
    ByteBuffer block = ByteBuffer.allocate((int) Math.min(offer.minimum(), offer.size() - start));
    submit(ClientRequest.read(cookies.getAndIncrement(), start, block));
    return block.position((int) (at - start));
  }

  /** How many bytes from here on are whole blocks; 0 when the next block is only in part. */
  private int wholeBlocks(long at, int length) {
    int mask = offer.minimum() - 1;
    return (at & mask) == 0 ? length & ~mask : 0;
  }

  @Override
  public void flush() throws IOException {
    check(0, 0);
    if (offers(Protocol.SEND_FLUSH)) {
      submit(plain(Protocol.CMD_FLUSH, 0, 0, 0));
    }
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    checkChange(offset, length);
    int flags = holes == Holes.FORBIDDEN ? Protocol.FLAG_NO_HOLE : 0;
    long at = offset;
    long end = offset + length;
    while (at < end) {
      int whole = wholeBlocks(at, (int) Math.min(end - at, ZERO_PIECE));
      if (whole > 0 && offers(Protocol.SEND_WRITE_ZEROES)) {
        submit(plain(Protocol.CMD_WRITE_ZEROES, flags, at, whole));
        at += whole;
      } else {
        int mask = offer.minimum() - 1;
        long wanted = whole > 0 ? end - at : Math.min(end - at, offer.minimum() - (at & mask));
        ByteBuffer zeroes = ZEROES.duplicate();
        zeroes.limit((int) Math.min(zeroes.capacity(), wanted));
        at += zeroes.remaining();
        write(zeroes, at - zeroes.remaining());
      }
    }
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    checkChange(offset, length);
    if (!offers(Protocol.SEND_TRIM)) {
      return;
    }
    int mask = offer.minimum() - 1;
    long at = (offset + mask) & ~mask;
    long end = (offset + length) & ~mask;
    while (at < end) {
      long piece = Math.min(end - at, ZERO_PIECE);
      submit(plain(Protocol.CMD_TRIM, 0, at, piece));
      at += piece;
    }
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    check(offset, length);
    if (length == 0) {
      return;
    }
    if (offer.allocationContext().isEmpty()) {
      visitor.visit(offset, length, Extent.Kind.DATA);
      return;
    }
    int mask = offer.minimum() - 1;
    long end = offset + length;
    long asked = offset & ~mask;
    while (asked < end) {
      long until = Math.min((end + mask) & ~mask, offer.size());
      ClientRequest request =
          plain(Protocol.CMD_BLOCK_STATUS, 0, asked, Math.min(until - asked, STATUS_PIECE));
      submit(request);
      for (int i = 0; i < request.runCount() && asked < end; i++) {
        long from = Math.max(asked, offset);
        long to = Math.min(asked + request.runLength(i), end);
        if (to > from) {
          boolean hole = (request.runState(i) & Protocol.STATE_ZERO) != 0;
          visitor.visit(from, to - from, hole ? Extent.Kind.HOLE : Extent.Kind.DATA);
        }
        asked += request.runLength(i);
      }
    }
  }

  private ClientRequest plain(int type, int flags, long offset, long count) {
    return ClientRequest.plain(type, flags, cookies.getAndIncrement(), offset, count);
  }

  private void checkChange(long offset, long length) throws IOException {
    if (access() == Export.Access.READ_ONLY) {
      throw new NbdException(NbdError.EPERM, "the NBD export is read-only");
    }
    check(offset, length);
  }

  private void check(long offset, long length) throws IOException {
    if (closed.get()) {
      throw new BackendClosedException();
    }
    OutOfRangeException.check(offset, length, offer.size());
  }

  /** Sends a request and waits until its reply is complete. */
  private void submit(ClientRequest request) throws IOException {
    waiting.put(request.cookie(), request);
    if (broken == null) {
      outgoing.send(request);
    }
    // The reader may have ended between the check and the put: then nobody else fails this one.
    if (broken != null && waiting.remove(request.cookie()) != null) {
      throw lost(broken);
    }
    if (!request.await(settings.request())) {
      var late =
          new IOException(
              "the NBD server did not answer "
                  + request
                  + " within "
                  + settings.request().toMillis()
                  + " ms");
      breakOff(late);
      if (!request.await(CLOSE_WAIT)) {
        throw late;
      }
    }
    IOException failure = request.failure();
    if (failure instanceof NbdException) {
      throw failure;
    }
    if (failure != null) {
      throw lost(failure);
    }
  }

  private IOException lost(IOException reason) {
    if (closed.get()) {
      var over = new BackendClosedException();
      over.initCause(reason);
      return over;
    }
    return new IOException("the NBD connection is lost: " + reason.getMessage(), reason);
  }

  private void breakOff(IOException reason) {
    if (broken == null) {
      broken = reason;
    }
    stream.close();
  }

  private void readReplies() {
    IOException reason;
    try {
      while (true) {
        replies.next(requests);
      }
    } catch (IOException | RuntimeException e) {
      reason = e instanceof IOException io ? io : new IOException(e);
    }
    breakOff(reason);
    IOException first = broken == null ? new EOFException("closed") : broken;
    for (Long cookie : waiting.keySet()) {
      ClientRequest request = waiting.remove(cookie);
      if (request != null) {
        request.lost(first);
      }
    }
  }

  private final ReplyReader.Requests requests =
      new ReplyReader.Requests() {
        @Override
        public @Nullable ClientRequest find(long cookie) {
          return waiting.get(cookie);
        }

        @Override
        public void complete(ClientRequest request) {
          waiting.remove(request.cookie());
          request.complete();
        }
      };

  /**
   * Says goodbye and closes the connection; requests under way fail. Returns after at most a few
   * seconds.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    if (broken == null) {
      outgoing.send(plain(Protocol.CMD_DISC, 0, 0, 0));
    }
    stream.close();
    try {
      var _ = reader.join(CLOSE_WAIT);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
