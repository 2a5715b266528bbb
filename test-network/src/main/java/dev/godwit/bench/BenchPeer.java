package dev.godwit.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Processes of the benchmarks: each side of a transfer has a virtual machine of its own. */
final class BenchPeer {
  private BenchPeer() {}

  /** Starts a process; its standard output is read by the caller. */
  static Process start(Path directory, String role, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Bench.class.getName());
    command.add("peer");
    command.add(role);
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectError(new File(directory.toFile(), role + ".err"))
        .start();
  }

  static void main(String[] args) throws Exception {
    switch (args[1]) {
      case "nbd" -> NbdBench.serve(args[2]);
      case "fuse" -> FuseBench.serve(args[2]);
      case "source" -> TransferBench.source(Path.of(args[2]));
      case "sink" -> TransferBench.sink(Path.of(args[2]));
      default -> throw new IllegalArgumentException(args[1]);
    }
  }
}
