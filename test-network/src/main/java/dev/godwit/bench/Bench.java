package dev.godwit.bench;

import java.util.List;
import java.util.Set;

/** The command {@code test-network/bench}: runs the benchmarks that it is given, or all of them. */
public final class Bench {
  private static final Set<String> ALL =
      Set.of("nbd", "quic", "migrate", "link", "hub", "transports", "fuse", "mounts");

  private static final Set<String> IN_TURN = Set.of("nbd", "quic", "migrate");

  private Bench() {}

  /**
   * Arguments: {@code nbd}, {@code quic}, {@code migrate}, {@code link}, {@code hub}, {@code
   * transports}, {@code fuse}, {@code mounts}.
   */
  public static void main(String[] args) throws Exception {
    if (args.length > 0 && args[0].equals("peer")) {
      BenchPeer.main(args);
      return;
    }
    Set<String> wanted = args.length == 0 ? ALL : Set.of(args);
    if (!ALL.containsAll(wanted)) {
      System.err.println(
          "usage: test-network/bench [nbd] [quic] [migrate] [link] [hub] [transports] [fuse] [mounts]");
      System.exit(2);
    }
    if (wanted.stream().anyMatch(IN_TURN::contains)) {
      System.out.println("Medians of several runs in turn; the single runs are in brackets.");
    }
    if (wanted.contains("nbd")) {
      NbdBench.run(System.out);
      NbdFileBench.run(System.out);
    }
    if (wanted.contains("quic") || wanted.contains("migrate")) {
      TransferBench.run(System.out, List.copyOf(wanted));
    }
    if (wanted.contains("migrate")) {
      SparseBench.run(System.out);
    }
    if (wanted.contains("link")) {
      LinkBench.run(System.out);
    }
    if (wanted.contains("hub")) {
      HubBench.run(System.out);
    }
    if (wanted.contains("transports")) {
      TransportBench.run(System.out);
    }
    if (wanted.contains("fuse")) {
      FuseBench.run(System.out);
    }
    if (wanted.contains("mounts")) {
      MountBench.run(System.out);
    }
  }
}
