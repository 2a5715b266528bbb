package dev.godwit.cli;

import dev.godwit.node.Explanation;
import dev.godwit.node.NodeException;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.Wait;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A verb of the command. */
abstract class Verb implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;
  private @Nullable Termination termination;
  private @Nullable Output output;

  CommandSpec spec() {
    return Objects.requireNonNull(spec);
  }

  CommonOptions common() {
    return ((Godwit) spec().root().userObject()).common();
  }

  private Output output() {
    return Objects.requireNonNull(output);
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
    Termination begun = Termination.begin(more, output());
    termination = begun;
    return begun;
  }

  /** These settings, with what the node waits for told to whoever watches. */
  NodeSettings told(NodeSettings settings) {
    return settings.withWaits(
        new Wait.Listener() {
          @Override
          public void waiting(Wait wait) {
            output().waiting(wait.text());
          }

          @Override
          public void limited(String advice) {
            output().error("godwit: " + advice);
          }
        });
  }

  /** Does it. */
  abstract ExitStatus run(Output output) throws Exception;

  @Override
  @SuppressWarnings("CatchingUnchecked") // Whatever it is, a person has to be told.
  public final Integer call() {
    Output opened = common().output();
    output = opened;
    ExitStatus status = ExitStatus.FAILED;
    try {
      status = run(opened);
    } catch (CommandLine.ParameterException e) {
      status = ExitStatus.USAGE;
      throw e;
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      status = explain(opened, e);
    } finally {
      // Only now is everything said that has to be said.
      opened.endMoving();
      if (termination != null) {
        termination.finished(status);
      }
    }
    return status.code();
  }

  private ExitStatus explain(Output told, Throwable failure) {
    NodeException explained = Explanation.of(failure);
    ExitStatus status = ExitStatus.of(explained);
    String message = String.valueOf(explained.getMessage());
    if (termination != null && termination.requested().isDone() && isInterruption(failure)) {
      message = "Stopped.";
    }
    told.event(
        Json.event("result").put("ok", false).put("status", status.code()).put("error", message));
    told.error("godwit: " + message);
    if (common().verbose()) {
      PrintWriter err = spec().commandLine().getErr();
      failure.printStackTrace(err);
      err.flush();
    }
    return status;
  }

  /** Whether Ctrl-C was what ended it, under whatever name it came here. */
  private static boolean isInterruption(Throwable failure) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof InterruptedException
          || cause instanceof java.io.InterruptedIOException) {
        return true;
      }
    }
    return false;
  }
}
