package dev.godwit.run;

import dev.godwit.testnetwork.Member;
import dev.godwit.testnetwork.World;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Migrations during which either side's process is killed at random moments, one to three times.
 * What the program was told is flushed has to be there, wherever it goes on, and in the end the
 * state has to have moved.
 */
final class Kills {
  private Kills() {}

  /**
   * Runs all rounds.
   *
   * @param arguments {@code --rounds N}, {@code --first N} is the first one's number, {@code
   *     --size-mib N} moves so much
   * @return whether all went well
   */
  static boolean run(PrintStream out, Path directory, List<String> arguments)
      throws IOException, InterruptedException {
    int rounds = 200;
    long first = 1;
    int size = 64;
    for (int i = 0; i + 1 < arguments.size(); i += 2) {
      int value = Integer.parseInt(arguments.get(i + 1));
      switch (arguments.get(i)) {
        case "--rounds" -> rounds = value;
        case "--first" -> first = value;
        case "--size-mib" -> size = value;
        default -> throw new IllegalArgumentException("unknown option " + arguments.get(i));
      }
    }
    boolean good = true;
    int blocks = size * ((1 << 20) / NumberedBlocks.BYTES);
    try (World world = World.in(directory)) {
      List<Member> members = world.mesh("alice", "bob");
      for (long number = first; number < first + rounds; number++) {
        good &= one(out, world, members, number, blocks);
      }
    }
    return good;
  }

  private static boolean one(
      PrintStream out, World world, List<Member> members, long number, int blocks)
      throws InterruptedException {
    try (KillRound round = new KillRound(world, members.get(0), members.get(1), number, blocks)) {
      KillRound.Result result = round.run();
      out.printf(
          Locale.ROOT,
          "%5d %6.1f s %6d flushes  %s%s%n",
          number,
          result.took().toMillis() / 1000.0,
          result.flushes(),
          String.join(", ", result.killed()),
          result.complaints().isEmpty() ? "" : "  ! " + String.join("; ", result.complaints()));
      return result.complaints().isEmpty();
    } catch (IOException e) {
      out.printf("%5d failed: %s%n", number, e);
      return false;
    } finally {
      out.flush();
    }
  }
}
