package dev.godwit.cli;

import dev.godwit.demo.Demo;
import dev.godwit.demo.PrivateNetwork;
import dev.godwit.demo.Venue;
import dev.godwit.node.NodeException;
import dev.godwit.path.Way;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "See it work, on this machine.",
      "A hub, two nodes and a program that keeps writing run here, each a process of its own."
          + " The program's state moves to the other node while it writes; a checker proves that"
          + " nothing was lost. Leaves nothing behind; a second Ctrl-C does not wait for that, and says"
          + " what is left."
    })
final class DemoCommand extends Verb {
  private static final Duration STOP = Duration.ofSeconds(10);

  /** For what is large, on a disk that is busy. */
  private static final Duration REMOVAL = Duration.ofMinutes(1);

  private volatile @Nullable Demo begun;

  @Option(
      names = "--transport",
      paramLabel = "NAME",
      defaultValue = "quic",
      description = {
        "How the nodes connect: quic, tls, relay, webrtc (default: ${DEFAULT-VALUE}).",
        "WebRTC ignores loopback: its nodes get network namespaces of their own, for which"
            + " the demo has to be root, or to be allowed user namespaces."
      })
  private String transport = "quic";

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      defaultValue = "256M",
      description = "How much state there is (default: ${DEFAULT-VALUE}).")
  private String size = "256M";

  @Option(
      names = "--write-rate",
      paramLabel = "SIZE",
      defaultValue = "20M",
      description = "How much the program writes each second (default: ${DEFAULT-VALUE}).")
  private String writeRate = "20M";

  @Option(
      names = "--state",
      paramLabel = "FILE",
      description = "Begin with a copy of this file instead of an empty state.")
  private @Nullable Path state;

  @Override
  ExitStatus run(Output output) throws Exception {
    boolean namespaces = PathOptions.way(transport) == Way.WEBRTC;
    if (namespaces && !isRoot()) {
      return asRootOfAUserNamespace();
    }
    Termination termination = termination(REMOVAL);
    termination.endsAtOnceWhenAskedAgain();
    try (@Nullable PrivateNetwork network = namespaces ? PrivateNetwork.open() : null) {
      return run(output, termination, network == null ? Venue.LOOPBACK : network.venue());
    }
  }

  @Override
  void abandon() {
    Demo demo = begun;
    if (demo != null) {
      demo.kill();
    }
  }

  @Override
  String left() {
    Demo demo = begun;
    return demo != null && Files.exists(demo.folder())
        ? " What the demo made is still in " + demo.folder() + "; delete it."
        : "";
  }

  private static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
  }

  /** Runs the same command where it may make network namespaces. */
  private ExitStatus asRootOfAUserNamespace() throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "-Urnm",
                "sh",
                "-c",
                "mount -t tmpfs tmpfs /run && exec \"$@\"",
                "sh",
                launcher(),
                "demo",
                "--transport",
                transport,
                "--size",
                size,
                "--write-rate",
                writeRate));
    if (state != null) {
      command.addAll(List.of("--state", state.toString()));
    }
    if (common().json()) {
      command.add("--json");
    }
    Process inside = new ProcessBuilder(command).inheritIO().start();
    try {
      return inside.waitFor() == 0 ? ExitStatus.DONE : ExitStatus.FAILED;
    } finally {
      // With Ctrl-C it is asked to end like this process, with a signal to this one it is not.
      inside.destroy();
    }
  }

  private ExitStatus run(Output output, Termination termination, Venue venue) throws Exception {
    Demo.Result result;
    DemoShow show = new DemoShow(output, transport, writeRate);
    try (Demo demo = new Demo(options(venue), show)) {
      begun = demo;
      show.begin();
      result = interruptibly(demo, termination);
    }
    ExitStatus status =
        result.report().lost() + result.report().foreign() == 0
            ? ExitStatus.DONE
            : ExitStatus.FAILED;
    show.result(result, status);
    return status;
  }

  private Demo.Options options(Venue venue) throws NodeException {
    Way way = PathOptions.way(transport);
    if (state != null && !Files.isRegularFile(state)) {
      throw new NodeException(NodeException.Kind.USAGE, "There is no file " + state + ".");
    }
    long bytes;
    long rate;
    try {
      bytes = Units.parseSize(size);
      rate = Units.parseSize(writeRate);
    } catch (IllegalArgumentException e) {
      throw new NodeException(NodeException.Kind.USAGE, e.getMessage() + ".", e);
    }
    if (bytes < 1 << 20 || rate < 4096) {
      throw new NodeException(
          NodeException.Kind.USAGE, "The demo needs --size 1M and --write-rate 4K at least.");
    }
    return new Demo.Options(
        List.of(launcher()), venue, Optional.of(way), bytes, rate, Optional.ofNullable(state));
  }

  private static String launcher() throws NodeException {
    String launcher = System.getProperty("godwit.launcher");
    if (launcher == null) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "The demo starts further processes and needs the godwit launcher for that.");
    }
    return launcher;
  }

  /** Runs the demo on a thread of its own, so that Ctrl-C can end it. */
  private static Demo.Result interruptibly(Demo demo, Termination termination) throws Exception {
    CompletableFuture<Demo.Result> over = new CompletableFuture<>();
    Thread thread =
        Thread.ofPlatform()
            .name("demo")
            .start(
                () -> {
                  try {
                    over.complete(demo.run());
                  } catch (Exception e) {
                    over.completeExceptionally(e);
                  }
                });
    try {
      CompletableFuture.anyOf(over, termination.requested()).get();
      if (!over.isDone()) {
        demo.kill();
        thread.interrupt();
        // Or it would start and write things while they are being removed.
        boolean _ = thread.join(STOP);
        throw new InterruptedException("the demo was stopped");
      }
      return over.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new NodeException(
          NodeException.Kind.FAILED,
          "The demo did not work: " + (cause == null ? e.getMessage() : cause.getMessage()),
          e);
    }
  }
}
