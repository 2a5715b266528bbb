package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.backend.ForwardingBackend;
import java.io.IOException;

/**
 * Notes how the file of a state is before a flush is confirmed, so that a copy from before it is
 * known to be older. Thread-safe.
 */
final class NotedBackend extends ForwardingBackend {
  private final StateWatch watch;

  NotedBackend(Backend below, StateWatch watch) {
    super(below);
    this.watch = watch;
  }

  @Override
  public void flush() throws IOException {
    super.flush();
    watch.look();
  }
}
