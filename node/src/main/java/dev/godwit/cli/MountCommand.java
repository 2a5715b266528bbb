package dev.godwit.cli;

import dev.godwit.fuse.FuseFile;
import dev.godwit.mount.Durability;
import dev.godwit.mount.ManagedMount;
import dev.godwit.mount.MountClient.Access;
import dev.godwit.node.Device;
import dev.godwit.node.MountOptions;
import dev.godwit.node.MountOptions.Kind;
import dev.godwit.node.Mounting;
import dev.godwit.node.Node;
import dev.godwit.node.NodeException;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.PathView;
import dev.godwit.node.ResourceName;
import dev.godwit.node.RunningProcesses;
import dev.godwit.node.StatusSocket;
import dev.godwit.node.proto.ProcessStatus;
import dev.godwit.pullorder.PullOrderFactory;
import dev.godwit.pullorder.PullOrders;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.UnmatchedArgumentException;

@Command(
    name = "mount",
    mixinStandardHelpOptions = true,
    description = {
      "Use a resource of another node here, without moving it.",
      "It is a file, or a device, until 'godwit umount' or Ctrl-C. What is touched comes first, the"
          + " rest in the background; what is written goes to the owner."
    })
final class MountCommand extends Verb {
  private static final Logger LOG = LoggerFactory.getLogger(MountCommand.class);
  private static final long TICK_MILLIS = 200;
  private static final Duration LOOK = Duration.ofSeconds(2);

  /** The state of a mount that programs do not find yet. */
  static final String PULLING = "pulling";

  /** The state of a mount that programs do not find any more, while its last bytes are saved. */
  static final String SAVING = "saving";

  /** The state of a mount that may not be written any more. */
  static final String LOST = "lost";

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NODE/RESOURCE",
      description = "Whose resource.")
  private @Nullable String name;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "PATH",
      description =
          "The file that it is here; made if there is none. Or a device: nbd:unix:PATH,"
              + " nbd:HOST:PORT, block (a disk, for root).")
  private @Nullable String at;

  @Option(names = "--list", description = "Show what is mounted here, and how much is not saved.")
  private boolean list;

  @Option(
      names = "--direct",
      description = "Keep nothing here: every access goes to the owner and waits for it.")
  private boolean direct;

  @Option(names = "--read-only", description = "Do not write; others may.")
  private boolean readOnly;

  @Option(
      names = "--cache",
      paramLabel = "FILE",
      description =
          "Keep what was fetched in this file, for the next mount (default: one that goes with"
              + " the mount).")
  private @Nullable Path cache;

  @Option(
      names = "--durability",
      paramLabel = "remote|local",
      defaultValue = "remote",
      description =
          "Where a program's fsync puts its data: on the owner's disk, or on this machine's"
              + " (default: ${DEFAULT-VALUE}).")
  private Durability durability = Durability.REMOTE;

  @Option(
      names = "--pull-order",
      paramLabel = "ORDER",
      defaultValue = "profile",
      description =
          "What comes first in the background: linear, content (what its format needs first),"
              + " profile (what the last mount read first), hot (what programs read most at its"
              + " owner), ranges:0-1M,10M+4K"
              + " (default: ${DEFAULT-VALUE}).")
  private String pullOrder = "profile";

  @Option(
      names = "--no-pull",
      description = "Fetch only what is touched, nothing in the background.")
  private boolean noPull;

  @Option(
      names = "--pull-first",
      description =
          "Fetch everything before programs find it here; fails when nothing comes for the"
              + " timeout.")
  private boolean pullFirst;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "30s",
      description = "How long an access waits for the owner (default: ${DEFAULT-VALUE}).")
  private Duration timeout = Duration.ofSeconds(30);

  @Mixin private final ListenOption listen = new ListenOption();
  @Mixin private final PathOptions paths = new PathOptions();

  private volatile boolean ending;

  @Override
  ExitStatus run(Output output) throws Exception {
    if (list) {
      refuseArguments();
      return list(output);
    }
    MountOptions options = options();
    NodeSettings settings = told(paths.apply(listen.settings()).staying());
    Mounting.check(options);
    Termination termination = termination(timeout);
    NodeHome home = common().nodeHome();
    try (Node node = Node.start(home, settings);
        Mounting mounting = node.mount(options);
        StatusSocket socket = StatusSocket.open(home, () -> status(node, mounting))) {
      CompletableFuture<Object> over =
          CompletableFuture.anyOf(termination.requested(), mounting.gone());
      mounting.onPath(path -> output.event(Json.event("path").put("path", Words.path(path))));
      if (opens(output, mounting, over)) {
        ready(output, mounting);
        watch(output, mounting, over);
      }
      return end(output, mounting);
    }
  }

  /** A list is of everything. */
  private void refuseArguments() {
    List<String> arguments =
        Stream.of(Optional.ofNullable(name), Optional.ofNullable(at))
            .flatMap(Optional::stream)
            .toList();
    if (!arguments.isEmpty()) {
      throw new UnmatchedArgumentException(spec().commandLine(), arguments);
    }
  }

  private MountOptions options() throws NodeException {
    if (name == null || at == null) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "Say what to mount, and where: godwit mount NODE/RESOURCE PATH.");
    }
    if (direct && cache != null) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "A direct mount keeps nothing: --cache makes no sense with it.");
    }
    if (direct && (noPull || pullFirst)) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "A direct mount fetches nothing ahead: "
              + (noPull ? "--no-pull" : "--pull-first")
              + " makes no sense with it.");
    }
    if (noPull && pullFirst) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "--no-pull fetches only what is touched: --pull-first makes no sense with it.");
    }
    DurationRange.WAIT.check("--timeout", timeout);
    return new MountOptions(
        ResourceName.parse(name),
        List.of(device(at)),
        readOnly ? Access.READ : Access.WRITE,
        direct ? Kind.DIRECT : Kind.MANAGED,
        Optional.ofNullable(cache),
        settings());
  }

  private static Device device(String text) throws NodeException {
    return text.startsWith("nbd:") || text.startsWith("file:") || isDisk(text)
        ? Device.parse(text)
        : new Device.File(Path.of(text).toAbsolutePath());
  }

  private ManagedMount.Settings settings() throws NodeException {
    ManagedMount.Settings standard = ManagedMount.Settings.standard();
    return new ManagedMount.Settings(
        durability,
        timeout,
        order(),
        pull(),
        standard.pushInterval(),
        standard.follow(),
        standard.mostUnsaved());
  }

  private ManagedMount.Pull pull() {
    if (pullFirst) {
      return ManagedMount.Pull.FIRST;
    }
    return noPull ? ManagedMount.Pull.NOTHING : ManagedMount.Pull.IN_BACKGROUND;
  }

  private PullOrderFactory order() throws NodeException {
    try {
      return PullOrders.standard().named(pullOrder);
    } catch (IllegalArgumentException e) {
      throw new NodeException(NodeException.Kind.USAGE, "--pull-order: " + e.getMessage() + ".", e);
    }
  }

  private static String place(Mounting mounting) {
    return mounting.places().getFirst();
  }

  private static boolean isDisk(String text) {
    return text.equals("block") || text.startsWith("block:");
  }

  /** Shows progress until the devices are there; false when the user has had enough before. */
  private boolean opens(Output output, Mounting mounting, CompletableFuture<Object> over)
      throws IOException {
    if (!mounting.isOpen()) {
      output.line(
          "Fetching all of "
              + output.terminal().strong(String.valueOf(name))
              + " ("
              + Units.bytes(mounting.size())
              + ") before it opens. Ctrl-C ends that.");
    }
    while (!over.isDone()) {
      if (mounting.awaitOpen(Duration.ofMillis(TICK_MILLIS))) {
        return true;
      }
      show(output, mounting);
    }
    return false;
  }

  private void ready(Output output, Mounting mounting) {
    output.line(
        output.terminal().tick()
            + " "
            + output.terminal().strong(String.valueOf(name))
            + " ("
            + Units.bytes(mounting.size())
            + ") is at "
            + output.terminal().strong(place(mounting))
            + (readOnly ? ", to be read only" : "")
            + ", "
            + Words.path(mounting.path())
            + ".");
    output.line("End it with 'godwit umount " + PastedWord.of(place(mounting)) + "' or Ctrl-C.");
    output.event(
        Json.event("ready")
            .put("resource", name)
            .put("at", place(mounting))
            .put("size", mounting.size())
            .put("path", Words.path(mounting.path())));
  }

  private void watch(Output output, Mounting mounting, CompletableFuture<Object> over)
      throws InterruptedException {
    while (!over.isDone()) {
      show(output, mounting);
      try {
        over.get(TICK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        LOG.trace("not over yet", e);
      } catch (ExecutionException e) {
        throw new IllegalStateException("a mount failed", e.getCause());
      }
    }
  }

  private void show(Output output, Mounting mounting) {
    long here = mounting.size() - mounting.missingBytes();
    long unsaved = mounting.unsavedBytes();
    @Nullable String lost = mounting.lost();
    @Nullable String problem = mounting.problem();
    @Nullable String cacheProblem = mounting.cacheProblem();
    double share = mounting.size() == 0 ? 1 : (double) here / mounting.size();
    List<String> details = new ArrayList<>();
    if (lost != null) {
      details.add("lost: " + lost);
    } else if (problem != null) {
      details.add("cannot save: " + problem);
    } else if (cacheProblem != null) {
      details.add("cannot keep: " + cacheProblem);
    }
    if (unsaved > 0) {
      details.add(Units.bytes(unsaved) + " not saved");
    }
    details.add(Words.path(mounting.path()));
    output.progress(
        new ProgressLine(String.valueOf(name), direct ? null : share, details),
        Json.event("progress")
            .put("bytesHere", here)
            .put("bytesTotal", mounting.size())
            .put("unsavedBytes", unsaved)
            .put("lost", lost)
            .put("problem", problem)
            .put("cacheProblem", cacheProblem)
            .put("path", Words.path(mounting.path())));
  }

  private ExitStatus end(Output output, Mounting mounting) throws Exception {
    ending = true;
    if (mounting.unsavedBytes() > 0) {
      output.line("Saving " + Units.bytes(mounting.unsavedBytes()) + output.terminal().ellipsis());
    }
    long unsaved = mounting.end(timeout);
    if (unsaved > 0) {
      throw new NodeException(NodeException.Kind.NOT_SAVED, notSaved(mounting, unsaved));
    }
    output.line(
        output.terminal().tick() + " " + name + " is not here any more; everything is saved.");
    output.event(Json.event("result").put("ok", true).put("unsavedBytes", 0));
    return ExitStatus.DONE;
  }

  private String notSaved(Mounting mounting, long unsaved) {
    @Nullable String lost = mounting.lost();
    @Nullable String why = lost == null ? mounting.problem() : lost;
    if (mounting.cacheFile() == null) {
      return "What was written last ("
          + Units.bytes(unsaved)
          + ") may not be durable at "
          + name
          + (why == null ? "" : " (" + why + ")")
          + ", and a direct mount keeps nothing here: write it again.";
    }
    return Units.bytes(unsaved)
        + " could not be saved at "
        + name
        + (why == null ? "" : " (" + why + ")")
        + ". They are in "
        + mounting.cacheFile()
        + (lost == null
            ? ""
            : ", at the same places (bytes " + Words.ranges(mounting.unsaved()) + ")")
        + (lost == null
            ? "; the same command saves them when the owner is back."
            : UmountCommand.ONLY_BEFORE);
  }

  private ProcessStatus status(Node node, Mounting mounting) {
    ProcessStatus.Builder status = ProcessStatus.newBuilder();
    PathView reached = mounting.reached();
    if (reached != null) {
      ReachedWords.put(status, reached);
    }
    String resource = String.valueOf(name);
    @Nullable Path kept = mounting.cacheFile();
    return status
        .setPid(ProcessHandle.current().pid())
        .setRole("mount")
        .setResource(resource)
        .setState(state(mounting))
        .setPath(Words.path(mounting.path()))
        .setPeer(resource.substring(0, resource.indexOf('/')))
        .setBytesDone(mounting.size() - mounting.missingBytes())
        .setBytesTotal(mounting.size())
        .setUnsavedBytes(mounting.unsavedBytes())
        .setAt(place(mounting))
        .setCache(kept == null ? "" : kept.toString())
        .setHub(Words.hub(node.hubState()))
        .build();
  }

  private String state(Mounting mounting) {
    if (mounting.lost() != null) {
      return LOST;
    }
    if (ending) {
      return SAVING;
    }
    return mounting.isOpen() ? "mounted" : PULLING;
  }

  private static String remark(String state) {
    return switch (state) {
      case PULLING -> ", not open yet";
      case SAVING -> ", being saved";
      default -> "";
    };
  }

  private ExitStatus list(Output output) throws Exception {
    int count = 0;
    Table table = new Table();
    RunningProcesses processes = StatusSocket.ask(common().nodeHome());
    for (ProcessStatus process : processes.answered()) {
      if (process.getRole().equals("mount")) {
        count++;
        table.row(
            process.getResource(),
            process.getAt(),
            Units.bytes(process.getBytesDone())
                + " of "
                + Units.bytes(process.getBytesTotal())
                + " here"
                + (process.getUnsavedBytes() == 0
                    ? ""
                    : ", " + Units.bytes(process.getUnsavedBytes()) + " not saved")
                + remark(process.getState()),
            "(process " + process.getPid() + ")");
        output.event(
            Json.event("mount")
                .put("resource", process.getResource())
                .put("at", process.getAt())
                .put("state", process.getState())
                .put("bytesHere", process.getBytesDone())
                .put("bytesTotal", process.getBytesTotal())
                .put("unsavedBytes", process.getUnsavedBytes())
                .put("pid", process.getPid()));
      }
    }
    for (Path dead : FuseFile.dead(LOOK)) {
      count++;
      table.row(
          "dead",
          dead.toString(),
          "its process was killed; 'godwit umount " + PastedWord.of(dead) + "' takes it away");
      output.event(
          Json.event("mount")
              .put("resource", (Object) null)
              .put("at", dead)
              .put("state", "dead")
              .put("bytesHere", (Object) null)
              .put("bytesTotal", (Object) null)
              .put("unsavedBytes", (Object) null)
              .put("pid", (Object) null));
    }
    table.show(output);
    SilentProcesses.tell(output, processes.silent());
    if (count == 0 && processes.silent().isEmpty()) {
      output.line("Nothing is mounted.");
    }
    output.event(Json.event("result").put("ok", true).put("mounts", count));
    return ExitStatus.DONE;
  }
}
