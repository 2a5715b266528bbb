package dev.godwit.nbd;

import java.io.IOException;

/**
 * Chooses for each request how to serve it, since a backend can become slow and fast again: a
 * resource that is being pulled is remote until it is whole, one whose gate is shut makes its
 * callers wait, and a disk is fast where the kernel holds in memory what is asked for. A request
 * that comes alone would gain nothing from another thread.
 */
final class AdaptiveService implements RequestService {
  private final Pace backend;
  private final InPlaceService inPlace;
  private final ParallelService parallel;

  AdaptiveService(Pace backend, InPlaceService inPlace, ParallelService parallel) {
    this.backend = backend;
    this.inPlace = inPlace;
    this.parallel = parallel;
  }

  @Override
  public void serve(RequestReader request) throws IOException {
    boolean here =
        switch (backend.latency()) {
          case MEMORY -> true;
          case LOCAL -> isTransfer(request) && (backend.isQuick() || isAlone(request));
          case REMOTE -> false;
        };
    if (here) {
      inPlace.serve(request);
    } else {
      // Its reply may have to wait for room that the client makes when it has these.
      inPlace.flush();
      parallel.serve(request);
    }
  }

  /** Nobody waits while it is served. */
  private boolean isAlone(RequestReader request) {
    return !request.more() && parallel.isIdle();
  }

  private static boolean isTransfer(RequestReader request) {
    return switch (request.type()) {
      case Protocol.CMD_READ -> true;
      case Protocol.CMD_WRITE -> (request.flags() & Protocol.FLAG_FUA) == 0;
      default -> false;
    };
  }

  @Override
  public void refuse(RequestReader request, RequestGate.Verdict verdict) throws IOException {
    inPlace.refuse(request, verdict);
  }

  @Override
  public void flush() throws IOException {
    inPlace.flush();
  }

  @Override
  public void close() throws IOException {
    try (parallel) {
      inPlace.close();
    }
  }
}
