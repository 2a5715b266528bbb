package dev.godwit.nbd;

import dev.godwit.stream.ByteStream;
import dev.godwit.stream.StreamHandler;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Serves resources to NBD clients, one connection per stream: fixed newstyle handshake, simple and
 * structured replies, {@code base:allocation}, as in {@code doc/proto.md} of the NBD project.
 *
 * <p>Whatever a client sends is either answered as the specification says or ends that client's
 * connection, never another one's. A flush on any connection covers the completed writes of all.
 *
 * <p>Streams have to support {@link ByteStream#timeout}. Thread-safe.
 */
public final class NbdServer implements StreamHandler {
  /** Calls that wait for a local disk at once; enough to keep it busy. */
  private static final int DISK_THREADS = 16;

  private static final long DISK_IDLE_SECONDS = 10;

  private final ExportTable exports;
  private final NbdLimits limits;
  private final InstantSource clock;
  private final BufferShelf shelf = new BufferShelf();
  private final Executor disk = diskThreads();

  /** A server with {@link NbdLimits#DEFAULT} and the system's clock. */
  public NbdServer(ExportTable exports) {
    this(exports, NbdLimits.DEFAULT, InstantSource.system());
  }

  /**
   * @param exports what is offered, asked at every connection
   * @param limits bounds of each connection
   * @param clock measures the handshake
   */
  public NbdServer(ExportTable exports, NbdLimits limits, InstantSource clock) {
    this.exports = exports;
    this.limits = limits;
    this.clock = clock;
  }

  /** Daemons that end by themselves when they have had nothing to do for a while. */
  private static Executor diskThreads() {
    var threads =
        new ThreadPoolExecutor(
            DISK_THREADS,
            DISK_THREADS,
            DISK_IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("nbd-disk-", 1).factory());
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /**
   * Serves one client until it leaves. Returns only when no request of it is under way any more.
   *
   * @throws IOException when the connection failed or the client broke the protocol
   */
  @Override
  public void handle(ByteStream stream) throws IOException {
    Optional<Negotiated> negotiated = new Negotiation(stream, exports, limits, clock).run();
    if (negotiated.isPresent()) {
      stream.timeout(Duration.ZERO);
      new Transmission(stream, negotiated.get(), shelf, limits, disk).run();
    }
    stream.finish();
  }
}
