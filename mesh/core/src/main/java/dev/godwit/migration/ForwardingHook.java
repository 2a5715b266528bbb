package dev.godwit.migration;

import java.io.IOException;

/** A hook that does what another one does, for those that add something to some of it. */
public abstract class ForwardingHook implements ProgramHook {
  private final ProgramHook to;

  /** Passes everything on to {@code to}. */
  protected ForwardingHook(ProgramHook to) {
    this.to = to;
  }

  @Override
  public boolean stops() {
    return to.stops();
  }

  @Override
  public void prepare() {
    to.prepare();
  }

  @Override
  public void imminent() {
    to.imminent();
  }

  @Override
  public void mayRun() {
    to.mayRun();
  }

  @Override
  public void suspend() throws IOException {
    to.suspend();
  }

  @Override
  public void resume() throws IOException {
    to.resume();
  }
}
