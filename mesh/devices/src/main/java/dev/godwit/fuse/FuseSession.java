package dev.godwit.fuse;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the requests of one mount: a platform thread for each device reads them, because a native
 * call holds the thread that makes it. What a fast backend does is done there and then; calls of a
 * slow one go to virtual threads, so that one that waits keeps nobody else waiting.
 */
final class FuseSession {
  private static final Logger LOG = LoggerFactory.getLogger(FuseSession.class);

  private final String name;
  private final Backend backend;
  private final FileOperations operations;
  private final Agreement agreement;
  private final ExchangePool pool;
  private final List<? extends FuseDevice> devices;
  private final CountDownLatch agreed = new CountDownLatch(1);
  private final CountDownLatch readers;
  private final AtomicBoolean failureTold = new AtomicBoolean();
  private final FuseBuffer message = FuseBuffer.forMessages();
  private final FuseReply said = new FuseReply(message.reply());
  private volatile boolean tooOld;
  private volatile boolean refusing;

  /**
   * @param name of the mount, for messages
   * @param devices ways to one connection; the session closes them at its end
   */
  FuseSession(
      String name,
      Backend backend,
      FuseSettings settings,
      FileStatus status,
      InstantSource clock,
      List<? extends FuseDevice> devices) {
    this.name = name;
    this.backend = backend;
    this.operations = new FileOperations(backend, settings, status, clock);
    this.agreement = new Agreement(settings);
    this.devices = List.copyOf(devices);
    // A thread that reads needs one as well, so there is one for each at least.
    this.pool = new ExchangePool(Math.max(settings.inFlight(), devices.size()));
    this.readers = new CountDownLatch(devices.size());
  }

  /** Starts to serve. */
  void start() {
    int number = 0;
    for (FuseDevice device : devices) {
      var _ =
          Thread.ofPlatform().daemon().name("fuse-" + number++).start(() -> readAndClose(device));
    }
  }

  /**
   * Waits until the kernel and we have agreed on a protocol.
   *
   * @throws IOException when that failed or took too long
   */
  void awaitAgreement(Duration limit) throws IOException, InterruptedException {
    if (!agreed.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
      throw new IOException(
          name + ": the kernel did not begin to talk within " + limit.toMillis() + " ms");
    }
    if (tooOld) {
      throw new IOException(
          name + ": this kernel's FUSE is too old; Linux 5.16 is the first that can be served");
    }
  }

  /**
   * Waits until the kernel has ended the connection, because the file was unmounted or the
   * connection aborted.
   *
   * @return whether it has
   */
  boolean awaitEnd(Duration limit) throws InterruptedException {
    return readers.await(limit.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Whether somebody has the file open, in whatever namespace. */
  boolean isOpen() {
    return operations.opened() > 0;
  }

  /**
   * Makes the kernel forget what it keeps of a part of the file. Waits for reads of that part that
   * are under way. For one thread at a time.
   *
   * @throws IOException when the kernel does not take it
   */
  void changed(long offset, long length) throws IOException {
    operations.touch();
    said.changed(offset, length);
    devices.getFirst().write(message, said.length());
  }

  /** From now on every request is answered with ENOTCONN, and the backend is left alone. */
  void refuse() {
    refusing = true;
    pool.lift();
  }

  /**
   * Waits until no call of the backend is under way.
   *
   * @return whether none is
   */
  boolean awaitIdle(Duration limit) throws InterruptedException {
    return pool.awaitIdle(limit);
  }

  private void readAndClose(FuseDevice device) {
    try (device) {
      read(device);
    } catch (IOException e) {
      LOG.error("{}: a thread that serves the mount has ended", name, e);
    } finally {
      readers.countDown();
    }
  }

  private void read(FuseDevice device) throws IOException {
    Exchange exchange = pool.take();
    boolean owned = true;
    try {
      int count = device.read(exchange.buffer());
      while (count >= 0) {
        owned = !serve(device, exchange, count);
        if (!owned) {
          exchange = pool.take();
          owned = true;
        }
        count = device.read(exchange.buffer());
      }
    } finally {
      if (owned) {
        pool.giveBack(exchange);
      }
    }
  }

  /**
   * Serves one request, or has it served.
   *
   * @return whether the exchange belongs to another thread now
   */
  private boolean serve(FuseDevice device, Exchange exchange, int count) {
    FuseRequest request = exchange.request();
    Latency latency = backend.latency();
    FuseRequest.Form form = exchange.arrived(device, count, latency);
    if (form == FuseRequest.Form.UNREADABLE) {
      LOG.error("{}: the kernel sent {} bytes that are no request", name, count);
    } else if (form == FuseRequest.Form.MALFORMED) {
      LOG.error("{}: the kernel sent a malformed {}", name, request);
      refuse(exchange, FuseError.EINVAL);
    } else {
      switch (request.opcode()) {
        case INIT -> agree(exchange);
        case INTERRUPT -> interrupt(exchange, request.target());
        default -> {
          if (refusing) {
            refuse(exchange, FuseError.ENOTCONN);
          } else if (request.opcode().callsBackend() && latency == Latency.REMOTE) {
            handOver(exchange);
            return true;
          } else {
            perform(exchange);
          }
        }
      }
    }
    return false;
  }

  private void agree(Exchange exchange) {
    FuseRequest init = exchange.request();
    tooOld = !agreement.answer(init, exchange.reply());
    send(exchange);
    if (Agreement.isFinal(init)) {
      agreed.countDown();
    }
  }

  /** Lets a program go that was interrupted while it waits. What it asked for goes on unseen. */
  private void interrupt(Exchange exchange, long target) {
    boolean found = false;
    for (Exchange other : pool.all()) {
      found |= other.isLatest(target);
      FuseDevice device = other.interrupt(target);
      if (device != null) {
        found = true;
        FuseReply reply = exchange.reply();
        reply.error(target, FuseError.EINTR);
        try {
          device.write(exchange.buffer(), reply.length());
        } catch (IOException e) {
          LOG.error("{}: the kernel did not take a reply", name, e);
        }
      }
    }
    if (!found) {
      // Another thread has read it, but not looked at it yet; or it is over, and nobody asks again.
      exchange.reply().error(exchange.request().unique(), FuseError.EAGAIN);
      send(exchange);
    }
  }

  private void handOver(Exchange exchange) {
    var _ =
        Thread.ofVirtual()
            .name("fuse-request")
            .start(
                () -> {
                  try {
                    perform(exchange);
                  } finally {
                    pool.giveBack(exchange);
                  }
                });
  }

  private void perform(Exchange exchange) {
    FuseRequest request = exchange.request();
    if (!request.opcode().isAnswered()) {
      return;
    }
    // Whatever happens, somebody waits for an answer.
    FuseError error = FuseError.EIO;
    boolean composed = false;
    try {
      operations.perform(request, exchange.buffer(), exchange.reply());
      composed = true;
    } catch (IOException | RuntimeException e) {
      error = FuseError.of(e);
      tell(request, error, e);
    } finally {
      if (composed) {
        send(exchange);
      } else {
        refuse(exchange, error);
      }
    }
  }

  /** The first failure is worth a warning; a disk that fails does so many times a second. */
  private void tell(FuseRequest request, FuseError error, Exception failure) {
    if (failureTold.compareAndSet(false, true)) {
      LOG.warn(
          "{}: {} failed, the program got {}; further failures are logged at level debug",
          name,
          request,
          error,
          failure);
    } else {
      LOG.debug("{}: {} failed, the program got {}", name, request, error, failure);
    }
  }

  private void refuse(Exchange exchange, FuseError error) {
    FuseRequest request = exchange.request();
    if (request.opcode().isAnswered()) {
      exchange.reply().error(request.unique(), error);
      send(exchange);
    }
  }

  private void send(Exchange exchange) {
    try {
      exchange.send();
    } catch (IOException e) {
      LOG.error("{}: the kernel did not take the reply to {}", name, exchange.request(), e);
    }
  }
}
