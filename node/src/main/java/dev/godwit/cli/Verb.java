package dev.godwit.cli;

import dev.godwit.node.Explanation;
import dev.godwit.node.NodeException;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.UnpackedLibraries;
import dev.godwit.node.Wait;
import java.io.InterruptedIOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
    Termination begun = Objects.requireNonNull(termination);
    begun.waits(more);
    return begun;
  }

  /** These settings, with what the node waits for told to whoever watches. */
  NodeSettings told(NodeSettings settings) {
    return settings.withWaits(waits());
  }

  /** Tells whoever watches what is waited for. */
  Wait.Listener waits() {
    return new Wait.Listener() {
      @Override
      public void waiting(Wait wait) {
        output().waiting(wait.text());
      }

      @Override
      public void limited(String advice) {
        output().error("godwit: " + advice);
      }
    };
  }

  /** Does it. */
  abstract ExitStatus run(Output output) throws Exception;

  @Override
  @SuppressWarnings("CatchingUnchecked") // Whatever it is, a person has to be told.
  public final Integer call() {
    Output opened = common().output();
    output = opened;
    UnpackedLibraries libraries = new UnpackedLibraries();
    Termination begun = Termination.begin(opened, () -> giveUp(opened), libraries::close);
    termination = begun;
    libraries.open();
    ExitStatus status = ExitStatus.FAILED;
    try {
      status = run(opened);
      if (status == ExitStatus.DONE && opened.isLost()) {
        status = say(opened, ExitStatus.FAILED, Output.LOST);
      }
    } catch (CommandLine.ParameterException e) {
      status = ExitStatus.USAGE;
      throw e;
    } catch (Exception | LinkageError | OutOfMemoryError e) {
      status = wasStopped(begun, e) ? sayStopped(opened) : explain(opened, e);
      showTrace(e);
    } finally {
      // Only now is everything said that has to be said.
      opened.endMoving();
      libraries.close();
      begun.finished(status);
    }
    return status.code();
  }

  private ExitStatus sayStopped(Output told) {
    return say(told, ExitStatus.INTERRUPTED, "Stopped." + left());
  }

  private void giveUp(Output told) {
    abandon();
    ExitStatus _ = sayStopped(told);
  }

  /** Ends what this process has started, at once; it ends itself now. */
  void abandon() {}

  /** What is left of it where it was stopped, in a sentence after a space; usually nothing. */
  String left() {
    return "";
  }

  private ExitStatus explain(Output told, Throwable failure) {
    NodeException explained = Explanation.of(failure);
    return say(told, ExitStatus.of(explained), explained.getMessage() + left());
  }

  private static ExitStatus say(Output told, ExitStatus status, String message) {
    told.event(
        Json.event("result").put("ok", false).put("status", status.code()).put("error", message));
    told.error("godwit: " + message);
    return status;
  }

  private void showTrace(Throwable failure) {
    if (common().verbose()) {
      StringWriter trace = new StringWriter();
      failure.printStackTrace(new PrintWriter(trace, true));
      PrintWriter err = spec().commandLine().getErr();
      err.print(DisplayText.visibleLines(trace.toString()));
      err.flush();
    }
  }

  /** Whether Ctrl-C was what ended it, under whatever name it came here. */
  private static boolean wasStopped(Termination termination, Throwable failure) {
    return termination.isInterrupted()
        || (termination.isRequested()
            && Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
                .anyMatch(
                    cause ->
                        cause instanceof InterruptedException
                            || cause instanceof InterruptedIOException
                            || isRefusedBecauseOfTheEnd(cause)));
  }

  /** As a library is that would have been unpacked while the process ends. */
  private static boolean isRefusedBecauseOfTheEnd(Throwable cause) {
    return cause instanceof IllegalStateException
        && "Shutdown in progress".equals(cause.getMessage());
  }
}
