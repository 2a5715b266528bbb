package dev.godwit.cli;

import dev.godwit.libc.CompilerThreads;
import dev.godwit.libc.LibC;
import dev.godwit.migration.ProgramHook;
import java.io.IOException;

/**
 * A hook for a process that has nothing more important to do than the hand-over: when that is near,
 * the compiler's threads step back (decision 008).
 */
final class PromptHook implements ProgramHook {
  private final ProgramHook hook;
  private final CompilerThreads compilers = new CompilerThreads(LibC.load());

  PromptHook(ProgramHook hook) {
    this.hook = hook;
  }

  @Override
  public boolean stops() {
    return hook.stops();
  }

  @Override
  public void prepare() {
    hook.prepare();
  }

  @Override
  public void imminent() {
    int _ = compilers.stepBack();
    hook.imminent();
  }

  @Override
  public void suspend() throws IOException {
    hook.suspend();
  }

  @Override
  public void resume() throws IOException {
    hook.resume();
  }
}
