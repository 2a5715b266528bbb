package dev.godwit.cli;

import dev.godwit.libc.CompilerThreads;
import dev.godwit.libc.LibC;
import dev.godwit.migration.ForwardingHook;
import dev.godwit.migration.ProgramHook;

/**
 * A hook for a process that has nothing more important to do than the hand-over: when that is near,
 * the compiler's threads step back (decision 008).
 */
final class PromptHook extends ForwardingHook {
  private final CompilerThreads compilers = new CompilerThreads(LibC.load());

  PromptHook(ProgramHook hook) {
    super(hook);
  }

  @Override
  public void imminent() {
    int _ = compilers.stepBack();
    super.imminent();
  }
}
