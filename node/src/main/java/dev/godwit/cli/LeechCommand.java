package dev.godwit.cli;

import dev.godwit.chunk.PullOrder;
import dev.godwit.migration.FinalizePolicy;
import dev.godwit.migration.FinalizePolicy.PostCopy;
import dev.godwit.migration.Leecher;
import dev.godwit.migration.LeecherState;
import dev.godwit.migration.MigrationProgress;
import dev.godwit.node.CommandHook;
import dev.godwit.node.Device;
import dev.godwit.node.DevicePlace;
import dev.godwit.node.LeechOptions;
import dev.godwit.node.LeechOptions.Existing;
import dev.godwit.node.Leeching;
import dev.godwit.node.Node;
import dev.godwit.node.NodeException;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.PathView;
import dev.godwit.node.ResourceName;
import dev.godwit.node.StatusSocket;
import dev.godwit.node.proto.ProcessStatus;
import dev.godwit.session.SessionState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
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
    name = "leech",
    mixinStandardHelpOptions = true,
    description = {
      "Move a resource of another node here, while its program runs.",
      "With a device this goes on serving it until Ctrl-C."
    },
    footerHeading = "%n",
    footer = {HookWords.ENVIRONMENT, HookWords.AGAIN})
final class LeechCommand extends Verb {
  /** All that is known here: the owner's program may not run for a reason of its own. */
  private static final String STAYS =
      "Nothing was taken over: the state is still there, with its owner. ";

  private static final Logger LOG = LoggerFactory.getLogger(LeechCommand.class);
  private static final long TICK_MILLIS = 200;

  /** Long enough that the time left does not jump. */
  private static final Duration RATE_WINDOW = Duration.ofSeconds(5);

  @Parameters(paramLabel = "NODE/RESOURCE", description = "Whose resource.")
  private String name = "";

  @Option(
      names = "--to",
      required = true,
      paramLabel = "FILE",
      description = "Will hold the state.")
  private Path to = Path.of("");

  @Option(names = "--overwrite", description = "Replace what is in the file.")
  private boolean overwrite;

  @Option(
      names = "--device",
      paramLabel = "DEV",
      description = {
        "How local programs touch it: nbd:unix:PATH, nbd:HOST:PORT, block (a disk) or file:PATH.",
        "It exists from the start; accesses wait for the hand-over."
      })
  private List<String> devices = List.of();

  @Option(
      names = "--max-downtime",
      paramLabel = "TIME",
      defaultValue = "100ms",
      description = "How long the program may stand still (default: ${DEFAULT-VALUE}).")
  private Duration maxDowntime = Duration.ofMillis(100);

  @Option(
      names = "--post-copy",
      paramLabel = "auto|never",
      defaultValue = "auto",
      description =
          "Whether the program may run before everything is here (default: ${DEFAULT-VALUE}).")
  private PostCopy postCopy = PostCopy.AUTO;

  @Option(
      names = "--finalize",
      paramLabel = "auto|now",
      defaultValue = "auto",
      description =
          "When to take the program over: as soon as the pause is short enough, or after the first"
              + " pass (default: ${DEFAULT-VALUE}).")
  private Finalize finalize = Finalize.AUTO;

  @Option(
      names = "--on-resume",
      paramLabel = "CMD",
      description = "Starts the program here when the state is ours.")
  private @Nullable String onResume;

  @Option(
      names = "--hook-timeout",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How long the command may take (default: ${DEFAULT-VALUE}).")
  private Duration hookTimeout = Duration.ofSeconds(60);

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "30s",
      description = "How long an access waits for a missing block (default: ${DEFAULT-VALUE}).")
  private Duration timeout = Duration.ofSeconds(30);

  /** When to take the program over. */
  enum Finalize {
    /** As soon as the pause would be short enough. */
    AUTO,
    /** After the first pass. */
    NOW
  }

  @Mixin private final ListenOption listen = new ListenOption();
  @Mixin private final PathOptions paths = new PathOptions();

  @Override
  ExitStatus run(Output output) throws Exception {
    DurationRange.WAIT.check("--timeout", timeout);
    DurationRange.WAIT.check("--hook-timeout", hookTimeout);
    try (CommandHook hook = hook(output)) {
      return run(output, options(hook));
    }
  }

  private ExitStatus run(Output output, LeechOptions options) throws Exception {
    NodeSettings settings = told(paths.apply(listen.settings()).staying());
    NodeHome home = common().nodeHome();
    Leeching.check(options, home);
    Termination termination = termination();
    try (Node node = Node.start(home, settings);
        Leeching leeching = node.leech(options);
        StatusSocket socket = StatusSocket.open(home, () -> status(node, leeching))) {
      output.event(
          Json.event("ready")
              .put("resource", name)
              .put("size", leeching.size())
              .put("at", leeching.places().isEmpty() ? null : leeching.places().getFirst())
              .put("path", Words.path(leeching.path())));
      leeching.places().stream()
          .findFirst()
          .ifPresent(place -> hookEnvironment.put("GODWIT_DEVICE", place));
      leeching.onChange(state -> tell(output, leeching, state));
      leeching.onPath(path -> output.event(Json.event("path").put("path", Words.path(path))));
      leeching.begin();
      watch(output, leeching, termination.requested());
      ExitStatus status = outcome(output, leeching);
      if (status == ExitStatus.DONE && !devices.isEmpty()) {
        serve(output, leeching, termination.requested());
      }
      if (status == ExitStatus.DONE) {
        output.event(resultOk);
      }
      return status;
    }
  }

  private Map<String, String> hookEnvironment = Map.of();
  private Json resultOk = Json.event("result").put("ok", true);

  private CommandHook hook(Output output) throws NodeException {
    Map<String, String> environment = new HashMap<>();
    environment.put("GODWIT_RESOURCE", name);
    environment.put("GODWIT_FILE", to.toAbsolutePath().toString());
    if (!devices.isEmpty()) {
      environment.put("GODWIT_DEVICE", DevicePlace.of(devices.getFirst()));
    }
    Map<String, String> shared = new ConcurrentHashMap<>(environment);
    hookEnvironment = shared;
    return new CommandHook(
        null, onResume, null, HookWords.surroundings(output, shared, hookTimeout));
  }

  private LeechOptions options(CommandHook hook) throws NodeException {
    List<Device> parsed = new ArrayList<>();
    for (String device : devices) {
      parsed.add(Device.parse(device));
    }
    return new LeechOptions(
        ResourceName.parse(name),
        to,
        overwrite ? Existing.OVERWRITE : Existing.REFUSE,
        parsed,
        new PromptHook(hook),
        new Leecher.Settings(
            finalize == Finalize.NOW
                ? FinalizePolicy.now()
                : FinalizePolicy.maxDowntime(maxDowntime),
            postCopy,
            PullOrder.linear(),
            timeout,
            Duration.ofHours(24)));
  }

  private void serve(Output output, Leeching leeching, CompletableFuture<Boolean> requested)
      throws InterruptedException, ExecutionException {
    output.line("Serving " + String.join(", ", leeching.places()) + " until Ctrl-C.");
    requested.get();
  }

  /** Shows progress until the move is over or the user has had enough. */
  private void watch(Output output, Leeching leeching, CompletableFuture<Boolean> requested)
      throws InterruptedException {
    CompletableFuture<Object> over = CompletableFuture.anyOf(leeching.end(), requested);
    RecentRate rate = new RecentRate(RATE_WINDOW, System::nanoTime);
    while (!over.isDone()) {
      show(output, leeching, rate);
      try {
        over.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        LOG.trace("not over yet", e);
      } catch (ExecutionException e) {
        throw new IllegalStateException("the leecher failed", e.getCause());
      }
    }
  }

  private void show(Output output, Leeching leeching, RecentRate rate) {
    MigrationProgress progress = leeching.progress();
    double bytesPerSecond = rate.now(progress.bytesFetched());
    if (progress.bytesExpected() == 0 && output.audience() == Output.Audience.PERSON) {
      // How much there is to fetch is not known yet.
      return;
    }
    MigrationLine line =
        MigrationLine.of(name, progress, bytesPerSecond, Words.path(leeching.path()));
    output.progress(
        line.line(),
        Json.event("progress")
            .put("bytesDone", progress.bytesFetched())
            .put("bytesTotal", progress.bytesExpected())
            .put("bytesPerSecond", bytesPerSecond)
            .put("rounds", progress.rounds())
            .put("predictedDowntimeMs", Units.toMillis(progress.predictedDowntime()))
            .put("state", Words.leecher(leeching.state()))
            .put("path", Words.path(leeching.path())));
  }

  private void tell(Output output, Leeching leeching, LeecherState state) {
    output.event(Json.event("state").put("state", Words.leecher(state)));
    Leecher.Handover handover = leeching.handover();
    if (state instanceof LeecherState.Running running
        && running.stage() == LeecherState.Stage.FETCHING
        && handover != null) {
      output.line(
          output.terminal().tick()
              + " Handed over after "
              + Words.count(leeching.progress().rounds(), "round")
              + ": the program stood still for about "
              + Units.millis(Units.toMillis(handover.asked().plus(handover.resume())))
              + "; "
              + Units.bytes(handover.missingBytes())
              + " still to fetch.");
      output.event(
          Json.event("handover")
              .put("generation", handover.generation())
              .put("askedMs", Units.toMillis(handover.asked()))
              .put("suspendMs", Units.toMillis(handover.suspend()))
              .put("flushMs", Units.toMillis(handover.flush()))
              .put("journalMs", Units.toMillis(handover.journal()))
              .put("resumeMs", Units.toMillis(handover.resume()))
              .put("missingBytes", handover.missingBytes()));
    }
  }

  private ExitStatus outcome(Output output, Leeching leeching) throws IOException {
    return switch (leeching.state()) {
      case LeecherState.Complete complete -> {
        MigrationProgress progress = leeching.progress();
        output.line(
            output.terminal().tick()
                + " "
                + name
                + " is here, generation "
                + complete.generation()
                + ": "
                + Units.bytes(progress.bytesFetched())
                + " in "
                + Words.count(progress.rounds(), "round")
                + ".");
        Json done =
            Json.event("complete")
                .put("generation", complete.generation())
                .put("bytes", progress.bytesFetched())
                .put("rounds", progress.rounds());
        output.event(done);
        resultOk
            .put("generation", complete.generation())
            .put("bytes", progress.bytesFetched())
            .put("rounds", progress.rounds());
        yield ExitStatus.DONE;
      }
      case LeecherState.Failed failed ->
          throw new NodeException(
              leeching.path() instanceof SessionState.Closed
                  ? NodeException.Kind.UNREACHABLE
                  : NodeException.Kind.FAILED,
              name
                  + " was not moved: "
                  + failed.reason()
                  + ". "
                  + switch (failed.where()) {
                    case SEEDER -> STAYS + incomplete();
                    case HERE ->
                        "The state is here and belongs to this node; run the same"
                            + " command again to go on.";
                    case UNDECIDED ->
                        "Only the other node knows who owns the state now; run the"
                            + " same command again to find out and go on.";
                  });
      case LeecherState.Connecting _, LeecherState.Pulling _ -> throw stopped(STAYS + incomplete());
      case LeecherState.Finalizing _ ->
          throw stopped(
              "Only the other node knows who owns the state now; run the same command again to find"
                  + " out and go on.");
      case LeecherState.Running _ ->
          throw stopped(
              "The state belongs to this node now, but "
                  + to
                  + " is not complete: run the same command again to fetch the rest.");
      case LeecherState.Declining _ ->
          throw stopped(
              "It was being given back; run the same command again to have that settled.");
    };
  }

  private NodeException stopped(String what) {
    return new NodeException(
        NodeException.Kind.STOPPED, "Stopped before " + name + " was here. " + what);
  }

  /** What to do about a copy that was begun, and that nobody needs. */
  private String incomplete() throws IOException {
    Path folder = Leeching.remembered(to, common().nodeHome());
    return to
        + " is not complete: run the same command again to begin anew, or delete "
        // A disk stays.
        + (Files.isRegularFile(to) ? to + " and " + folder : folder)
        + ".";
  }

  private ProcessStatus status(Node node, Leeching leeching) {
    ProcessStatus.Builder status = ProcessStatus.newBuilder();
    PathView reached = leeching.reached();
    if (reached != null) {
      ReachedWords.put(status, reached);
    }
    return status
        .setPid(ProcessHandle.current().pid())
        .setRole("leech")
        .setResource(name)
        .setState(Words.leecher(leeching.state()))
        .setPath(Words.path(leeching.path()))
        .setPeer(name.substring(0, name.indexOf('/')))
        .setBytesDone(leeching.progress().bytesFetched())
        .setBytesTotal(leeching.progress().bytesExpected())
        .setHub(Words.hub(node.hubState()))
        .build();
  }
}
