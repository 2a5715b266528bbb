package dev.godwit.cli;

import dev.godwit.node.Node;
import dev.godwit.node.NodeException;
import dev.godwit.node.PathView;
import dev.godwit.node.Pinging;
import dev.godwit.stream.Path;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "ping",
    mixinStandardHelpOptions = true,
    description = {
      "See how a node is reached, and how fast it answers.",
      "Says which way it is, why, and when a better one is looked for."
    })
final class PingCommand extends Verb {
  private static final Logger LOG = LoggerFactory.getLogger(PingCommand.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  @Parameters(paramLabel = "NODE", description = "Its name or id.")
  private String name = "";

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "4",
      description = "How often to ask (default: ${DEFAULT-VALUE}).")
  private int count = 4;

  @Option(
      names = "--until-direct",
      description = "Go on until no relay is needed; fails when that is not within --timeout.")
  private boolean untilDirect;

  @Option(
      names = "--interval",
      paramLabel = "TIME",
      defaultValue = "1s",
      description = "Pause between two questions (default: ${DEFAULT-VALUE}).")
  private Duration interval = PAUSE;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "30s",
      description = "How long all of it may take with --until-direct (default: ${DEFAULT-VALUE}).")
  private Duration timeout = Duration.ofSeconds(30);

  @Mixin private final ListenOption listen = new ListenOption();
  @Mixin private final PathOptions paths = new PathOptions();

  @Override
  ExitStatus run(Output output) throws Exception {
    if (count < 1) {
      throw new NodeException(
          NodeException.Kind.USAGE, "--count is at least 1, not " + count + ".");
    }
    DurationRange.WAIT.check("--timeout", timeout);
    String whom = NodeWord.checked(name);
    Termination termination = termination();
    try (Node node = Node.start(common().nodeHome(), told(paths.apply(listen.settings())))) {
      long start = System.nanoTime();
      if (name.equals(node.name())) {
        throw new NodeException(
            NodeException.Kind.USAGE, name + " is this node itself. Name another one.");
      }
      try (Pinging pinging = node.ping(node.find(whom).getFirst())) {
        // So that a question that nobody answers does not hold up the end.
        var _ = termination.requested().thenRun(pinging::close);
        return ask(output, pinging, start, termination.requested());
      }
    }
  }

  private ExitStatus ask(
      Output output, Pinging pinging, long start, CompletableFuture<Boolean> requested)
      throws IOException, InterruptedException {
    Duration connected = Duration.ZERO;
    @Nullable Duration direct = null;
    @Nullable PathView last = null;
    int answers = 0;
    while (!requested.isDone()) {
      Duration took;
      try {
        took = pinging.ask(timeout);
      } catch (IOException e) {
        if (requested.isDone()) {
          LOG.debug("asked to end while waiting for an answer", e);
          break;
        }
        throw e;
      }
      Duration since = Duration.ofNanos(System.nanoTime() - start);
      answers++;
      if (answers == 1) {
        connected = since;
      }
      last = pinging.path();
      if (last != null) {
        show(output, last, took);
        if (direct == null && last.path().kind() != Path.Kind.RELAY) {
          direct = since;
        }
      }
      boolean late = untilDirect && since.compareTo(timeout) > 0;
      if (output.isClosed() || (untilDirect ? direct != null || late : answers >= count)) {
        break;
      }
      pause(requested);
    }
    if (answers == 0 && requested.isDone()) {
      throw new InterruptedException("stopped before the first answer");
    }
    if (untilDirect && direct == null) {
      throw new NodeException(
          NodeException.Kind.UNREACHABLE,
          name
              + " is reached through a relay only"
              + (last == null ? "" : ": " + last.why())
              + ". 'godwit doctor' says what this network allows.");
    }
    output.event(
        Json.event("result")
            .put("ok", true)
            .put("transport", last == null ? "" : last.path().transport())
            .put("path", last == null ? "" : last.path().kind().word())
            .put("connectMs", Units.toMillis(connected))
            .put("directMs", direct == null ? null : Units.toMillis(direct))
            .put("answers", answers));
    return ExitStatus.DONE;
  }

  private void pause(CompletableFuture<Boolean> requested) throws InterruptedException {
    try {
      var _ = requested.get(interval.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.trace("next", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private void show(Output output, PathView view, Duration took) {
    @Nullable Instant next = view.nextAttempt();
    long seconds =
        next == null ? 0 : Math.max(0, Duration.between(Instant.now(), next).toSeconds());
    output.line(
        String.format(
            "%s  %s  %s  %s%s",
            name,
            Units.millis(Units.toMillis(took)),
            view.path(),
            view.why(),
            next == null ? "" : "; a better way is looked for in " + seconds + " s"));
    output.event(
        Json.event("pong")
            .put("ms", Units.toMillis(took))
            .put("transport", view.path().transport())
            .put("path", view.path().kind().word())
            .put("address", view.path().remote())
            .put("roundTripMs", Units.toMillis(view.roundTrip()))
            .put("why", view.why())
            .put("nextAttemptSeconds", next == null ? null : seconds));
  }
}
