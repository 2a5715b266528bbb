package dev.godwit.cli;

import dev.godwit.migration.SeederState;
import dev.godwit.node.CommandHook;
import dev.godwit.node.Device;
import dev.godwit.node.Node;
import dev.godwit.node.NodeException;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.SeedOptions;
import dev.godwit.node.Seeding;
import dev.godwit.node.StatusSocket;
import dev.godwit.node.proto.ProcessStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "seed",
    mixinStandardHelpOptions = true,
    description = {
      "Offer a file to the mesh, to be moved to another node.",
      "Ends when another node has taken all of it over, or with Ctrl-C."
    },
    footerHeading = "%n",
    footer = {HookWords.ENVIRONMENT, HookWords.ORDER})
final class SeedCommand extends Verb {
  private static final Duration LEECHER_TIMEOUT = Duration.ofMinutes(2);

  @Parameters(paramLabel = "RESOURCE", description = "What it is called in the mesh.")
  private String resource = "";

  @Option(names = "--from", required = true, paramLabel = "FILE", description = "Holds the state.")
  private Path from = Path.of("");

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      description =
          "Make the file at least so large first: room for what programs add, as a resource does not"
              + " grow. It takes up no space before it is written.")
  private @Nullable String size;

  @Option(
      names = "--device",
      paramLabel = "DEV",
      description =
          "How local programs touch it: nbd:unix:PATH, nbd:HOST:PORT, block (a disk) or"
              + " file:PATH.")
  private List<String> devices = List.of();

  @Option(
      names = "--on-suspend",
      paramLabel = "CMD",
      description = "Stops the program when the state is handed over.")
  private @Nullable String onSuspend;

  @Option(
      names = "--on-resume",
      paramLabel = "CMD",
      description = "Lets the program go on here when the hand-over failed.")
  private @Nullable String onResume;

  @Option(
      names = "--on-moved",
      paramLabel = "CMD",
      description = "Puts in order what is left here when everything has moved.")
  private @Nullable String onMoved;

  @Option(
      names = "--hook-timeout",
      paramLabel = "TIME",
      defaultValue = "60s",
      description = "How long a command may take (default: ${DEFAULT-VALUE}).")
  private Duration hookTimeout = Duration.ofSeconds(60);

  @Mixin private final ListenOption listen = new ListenOption();

  @Override
  ExitStatus run(Output output) throws Exception {
    DurationRange.WAIT.check("--hook-timeout", hookTimeout);
    List<Device> parsed = new ArrayList<>();
    for (String device : devices) {
      parsed.add(Device.parse(device));
    }
    NodeSettings settings = told(listen.settings().staying());
    Termination termination = termination();
    NodeHome home = common().nodeHome();
    Map<String, String> environment = new ConcurrentHashMap<>();
    environment.put("GODWIT_RESOURCE", resource);
    environment.put("GODWIT_FILE", from.toAbsolutePath().toString());
    try (CommandHook hook =
        new CommandHook(
            onSuspend,
            onResume,
            onMoved,
            HookWords.surroundings(output, environment, hookTimeout))) {
      SeedOptions options =
          new SeedOptions(resource, from, parsed, new PromptHook(hook), LEECHER_TIMEOUT, bytes());
      Seeding.check(options, home);
      offer(output, options, home, settings, termination, new Hooks(hook, environment));
    }
    return ExitStatus.DONE;
  }

  private long bytes() throws NodeException {
    try {
      return size == null ? 0 : Units.parseSize(size);
    } catch (IllegalArgumentException e) {
      throw new NodeException(NodeException.Kind.USAGE, "--size: " + e.getMessage() + ".", e);
    }
  }

  private void offer(
      Output output,
      SeedOptions options,
      NodeHome home,
      NodeSettings settings,
      Termination termination,
      Hooks hooks)
      throws Exception {
    try (Node node = Node.start(home, settings);
        Seeding seeding = node.seed(options);
        StatusSocket socket = StatusSocket.open(home, () -> status(node, seeding))) {
      seeding.onChange(state -> tell(output, node, seeding, state));
      OncePerMinute troubles = new OncePerMinute(InstantSource.system());
      seeding.onTrouble(
          failure ->
              troubles.say(
                  resource + " fails for a mount. " + failure.getMessage(),
                  text -> output.error("godwit: " + text)));
      seeding.places().stream()
          .findFirst()
          .ifPresent(place -> hooks.environment().put("GODWIT_DEVICE", place));
      ready(output, node, seeding);
      if (seeding.state() instanceof SeederState.HandedOver given) {
        event(output, given, "");
      }
      awaitEnd(seeding, termination);
      seeding.save();
      if (seeding.state() instanceof SeederState.Released) {
        hooks.hook().moved();
      }
      result(output, node, seeding);
    }
  }

  private static void awaitEnd(Seeding seeding, Termination termination) throws Exception {
    try {
      CompletableFuture.anyOf(seeding.released(), termination.requested()).get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof NodeException failed ? failed : e;
    }
  }

  /**
   * What is run at the turns of a migration.
   *
   * @param environment may be added to, before a hook is run
   */
  private record Hooks(CommandHook hook, Map<String, String> environment) {}

  private void ready(Output output, Node node, Seeding seeding) {
    if (seeding.state() instanceof SeederState.HandedOver given) {
      output.line(
          resource
              + " was handed over to "
              + node.nameOf(given.leecher())
              + ", generation "
              + given.generation()
              + ". It still fetches the rest from here: do not stop this process before it has"
              + " everything.");
    } else {
      offering(output, node, seeding);
    }
    output.event(
        Json.event("ready")
            .put("node", node.name())
            .put("id", node.id())
            .put("resource", resource)
            .put("size", seeding.size())
            .put("at", seeding.places().isEmpty() ? null : seeding.places().getFirst())
            .put("generation", seeding.state().generation()));
  }

  private void offering(Output output, Node node, Seeding seeding) {
    String offered = node.name() + "/" + resource;
    output.line(
        "Offering "
            + output.terminal().strong(offered)
            + " ("
            + Units.bytes(seeding.size())
            + ") in mesh "
            + node.mesh().name()
            + ".");
    for (String place : seeding.places()) {
      output.line("Local programs reach it at " + place + ".");
    }
    output.verbatim("On the other machine, to move it there, or to use it from here:");
    output.verbatim("  godwit leech " + offered + " --to FILE");
    output.verbatim(
        "  godwit mount " + offered + " PATH" + (devices.isEmpty() ? "" : " --read-only"));
  }

  private void tell(Output output, Node node, Seeding seeding, SeederState state) {
    String why = state instanceof SeederState.Idle ? seeding.whyHere() : "";
    event(output, state, why);
    switch (state) {
      case SeederState.Tracking tracking when tracking.round() == 0 ->
          output.line("Moving to " + node.nameOf(tracking.leecher()) + " while the program runs.");
      case SeederState.HandedOver given ->
          output.line(
              "Handed over to "
                  + node.nameOf(given.leecher())
                  + ", generation "
                  + given.generation()
                  + ". It still fetches the rest from here: do not stop this process.");
      case SeederState.Idle idle ->
          output.line(
              "The state stays here, generation "
                  + idle.generation()
                  + (why.isEmpty() ? "" : ": " + why)
                  + ".");
      case SeederState.Tracking _,
          SeederState.Finalized _,
          SeederState.Undecided _,
          SeederState.Returning _,
          SeederState.Released _ -> {}
    }
  }

  private static void event(Output output, SeederState state, String why) {
    output.event(
        Json.event("state")
            .put("state", state.word())
            .put("generation", state.generation())
            .put("why", why.isEmpty() ? null : why));
  }

  private void result(Output output, Node node, Seeding seeding) {
    SeederState state = seeding.state();
    output.line(
        switch (state) {
          case SeederState.Released _ ->
              output.terminal().tick() + " " + resource + " has moved. The copy here is old.";
          case SeederState.HandedOver given ->
              "Stopped, but "
                  + node.nameOf(given.leecher())
                  + " has not fetched all of "
                  + resource
                  + " yet and still needs what is here: run the same command again.";
          case SeederState.Idle _,
              SeederState.Tracking _,
              SeederState.Finalized _,
              SeederState.Undecided _,
              SeederState.Returning _ ->
              "Stopped offering " + resource + ".";
        });
    output.event(
        Json.event("result")
            .put("ok", true)
            .put("state", state.word())
            .put("generation", state.generation()));
  }

  private ProcessStatus status(Node node, Seeding seeding) {
    return ProcessStatus.newBuilder()
        .setPid(ProcessHandle.current().pid())
        .setRole("seed")
        .setResource(resource)
        .setState(seeding.state().word())
        .setHub(Words.hub(node.hubState()))
        .build();
  }
}
