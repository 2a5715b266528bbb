package dev.godwit.node;

import dev.godwit.migration.ForwardingHook;
import dev.godwit.migration.ProgramHook;
import java.io.IOException;

/**
 * A hook that brings in what the system holds back of a program's writes, once the program stands
 * still: what comes after the hand-over is lost. It also sees to it that nothing was written past
 * the devices.
 */
final class WritingOut extends ForwardingHook {
  private final OpenDevices devices;
  private final ForeignWrites others;

  /**
   * @param devices may be opened until the first call
   */
  WritingOut(ProgramHook hook, OpenDevices devices, ForeignWrites others) {
    super(hook);
    this.devices = devices;
    this.others = others;
  }

  @Override
  public void prepare() {
    others.begin();
    super.prepare();
  }

  @Override
  public void suspend() throws IOException {
    super.suspend();
    devices.writeOut();
    others.check();
  }
}
