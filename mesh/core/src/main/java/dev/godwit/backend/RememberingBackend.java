package dev.godwit.backend;

import java.io.IOException;

/**
 * A backend that does not forget that a flush has failed: every later one fails, whatever the
 * medium says by then. Those who hand a state over, or call it saved, work over one of these.
 */
public final class RememberingBackend extends ForwardingBackend {
  private final FlushMemory memory;

  /**
   * Remembers the flushes of another one.
   *
   * @param what it holds, for messages
   */
  public RememberingBackend(Backend below, String what) {
    super(below);
    this.memory = new FlushMemory(what);
  }

  @Override
  public void flush() throws IOException {
    memory.flush(below::flush);
  }
}
