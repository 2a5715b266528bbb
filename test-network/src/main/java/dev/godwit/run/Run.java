package dev.godwit.run;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The command {@code test-network/run}. */
public final class Run {
  private Run() {}

  /** Arguments: what to run, and its options. */
  public static void main(String[] args) throws Exception {
    List<String> rest = args.length == 0 ? List.of() : Arrays.asList(args).subList(1, args.length);
    Path directory = Files.createTempDirectory("godwit-run");
    boolean good;
    switch (args.length == 0 ? "" : args[0]) {
      case "connectivity" -> good = Connectivity.run(System.out, directory, rest);
      case "faults" -> good = Faults.run(System.out, directory, rest);
      default -> {
        System.err.println(
            """
            usage: test-network/run connectivity [--table FILE] [--kinds A,B] [--transports A,B]
                   test-network/run faults [--seeds N] [--faults A,B] [--size-mib N]""");
        System.exit(2);
        return;
      }
    }
    System.exit(good ? 0 : 1);
  }
}
