package dev.godwit.nbd;

import dev.godwit.nbd.RequestGate.Verdict;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.PooledBuffer;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The transmission phase of one connection: takes requests until the client leaves. */
final class Transmission {
  /**
   * A payload that is refused is still read, so that the connection stays in step; a longer one
   * than any known client sends ends the connection.
   */
  static final long SKIPPED_PAYLOAD = 64L << 20;

  /** Calls that wait for a local disk at once; enough to keep it busy. */
  private static final int DISK_THREADS = 16;

  private static final long DISK_IDLE_SECONDS = 10;

  private final ByteStream stream;
  private final Pace backend;
  private final RequestGate gate;
  private final ReplyComposer composer;
  private final BufferShelf shelf;
  private final NbdLimits limits;

  Transmission(ByteStream stream, Negotiated negotiated, BufferShelf shelf, NbdLimits limits) {
    this.stream = stream;
    this.backend = new Pace(negotiated.export().backend(), System::nanoTime);
    this.gate = new RequestGate(negotiated);
    this.composer = new ReplyComposer(backend, negotiated.replies());
    this.shelf = shelf;
    this.limits = limits;
  }

  /**
   * Serves until the client disconnects.
   *
   * @throws ProtocolException when the client broke the protocol beyond repair
   * @throws IOException when the connection failed
   */
  void run() throws IOException {
    var replies = new SendQueue(stream);
    // This connection's alone: a disk that is stuck holds up nobody else.
    ExecutorService disk = diskThreads();
    try (PooledBuffer in = shelf.takeForLoop();
        PooledBuffer out = shelf.takeForLoop();
        var service =
            new AdaptiveService(
                backend,
                new InPlaceService(replies, backend, composer, shelf, out.bytes(), limits.stall()),
                new ParallelService(
                    replies,
                    backend,
                    composer,
                    shelf,
                    disk,
                    limits.bytesInFlight(),
                    limits.stall()))) {
      var reader = new RequestReader(stream, in.bytes(), service::flush);
      while (reader.next() && reader.type() != Protocol.CMD_DISC) {
        Verdict verdict =
            gate.check(reader.type(), reader.flags(), reader.offset(), reader.count());
        if (verdict == Verdict.PASS) {
          service.serve(reader);
        } else {
          skipPayload(reader);
          service.refuse(reader, verdict);
        }
      }
    } finally {
      disk.shutdown();
    }
  }

  /** Daemons that end by themselves when they have had nothing to do for a while. */
  private static ExecutorService diskThreads() {
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

  private static void skipPayload(RequestReader reader) throws IOException {
    if (reader.type() == Protocol.CMD_WRITE) {
      if (reader.count() > SKIPPED_PAYLOAD) {
        throw new ProtocolException("a write of " + reader.count() + " bytes");
      }
      reader.skip(reader.count());
    }
  }
}
