package dev.godwit.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;

/** A verb of the command. */
abstract class Verb implements Callable<Integer> {
  @Mixin private final CommonOptions common = new CommonOptions();

  CommonOptions common() {
    return common;
  }

  /** Does it. */
  abstract ExitStatus run(Output output) throws Exception;

  @Override
  public final Integer call() throws Exception {
    Output output = common.output();
    try {
      ExitStatus status = run(output);
      return status.code();
    } catch (java.io.IOException e) {
      output.event(
          Json.event("result")
              .put("ok", false)
              .put("status", ExitStatus.of(e).code())
              .put("error", e.getMessage()));
      throw e;
    }
  }
}
