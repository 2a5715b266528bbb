package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import java.io.IOException;

/**
 * Chooses for each request how to serve it, since a backend can become slow and fast again: a
 * resource that is being pulled is remote until it is whole, and one whose gate is shut makes its
 * callers wait.
 */
final class AdaptiveService implements RequestService {
  private final Backend backend;
  private final InPlaceService inPlace;
  private final ParallelService parallel;

  AdaptiveService(Backend backend, InPlaceService inPlace, ParallelService parallel) {
    this.backend = backend;
    this.inPlace = inPlace;
    this.parallel = parallel;
  }

  @Override
  public void serve(RequestReader request) throws IOException {
    choose().serve(request);
  }

  @Override
  public void refuse(RequestReader request, RequestGate.Verdict verdict) throws IOException {
    choose().refuse(request, verdict);
  }

  /** The two write to one stream, so one starts only when the other has nothing left to say. */
  private RequestService choose() throws IOException {
    if (backend.latency() == Latency.MEMORY && parallel.idle()) {
      return inPlace;
    }
    inPlace.flush();
    return parallel;
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
