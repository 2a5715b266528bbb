package dev.godwit.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A verb of the command. */
abstract class Verb implements Callable<Integer> {
  @Mixin private final CommonOptions common = new CommonOptions();
  @Spec private @Nullable CommandSpec spec;
  private @Nullable Termination termination;

  CommonOptions common() {
    return common;
  }

  /** From now on Ctrl-C lets this verb put everything in order. */
  Termination termination() {
    return termination(Duration.ZERO);
  }

  /**
   * As the other one.
   *
   * @param more how much longer than usual that may take
   */
  Termination termination(Duration more) {
    Termination begun = new Termination(more);
    termination = begun;
    return begun;
  }

  /** Does it. */
  abstract ExitStatus run(Output output) throws Exception;

  @Override
  public final Integer call() {
    Output output = common.output();
    ExitStatus status = ExitStatus.FAILED;
    try {
      status = run(output);
    } catch (CommandLine.ParameterException e) {
      status = ExitStatus.USAGE;
      throw e;
    } catch (Exception e) {
      status = ExitStatus.of(e);
      if (e instanceof IOException) {
        output.event(
            Json.event("result")
                .put("ok", false)
                .put("status", status.code())
                .put("error", e.getMessage()));
      }
      Godwit.report(Objects.requireNonNull(spec).commandLine(), e, common.verbose());
    } finally {
      // Only now is everything said that has to be said.
      if (termination != null) {
        termination.finished(status);
      }
    }
    return status.code();
  }
}
