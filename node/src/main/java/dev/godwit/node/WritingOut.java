package dev.godwit.node;

import dev.godwit.migration.ProgramHook;
import java.io.IOException;

/**
 * A hook that brings in what the system holds back of a program's writes, once the program stands
 * still: what comes after the hand-over is lost. It also sees to it that nothing was written past
 * the devices.
 */
final class WritingOut implements ProgramHook {
  private final ProgramHook hook;
  private final OpenDevices devices;
  private final ForeignWrites others;

  /**
   * @param devices may be opened until the first call
   */
  WritingOut(ProgramHook hook, OpenDevices devices, ForeignWrites others) {
    this.others = others;
    this.hook = hook;
    this.devices = devices;
  }

  @Override
  public boolean stops() {
    return hook.stops();
  }

  @Override
  public void prepare() {
    others.begin();
    hook.prepare();
  }

  @Override
  public void imminent() {
    hook.imminent();
  }

  @Override
  public void suspend() throws IOException {
    hook.suspend();
    devices.writeOut();
    others.check();
  }

  @Override
  public void resume() throws IOException {
    hook.resume();
  }
}
