package dev.godwit.testing;

import java.util.Random;

/**
 * Runs a case again and again with another seed each time, and names the seed of the case that
 * failed. The seeds are the same in every run. {@code -Dgodwit.seed=N} runs the case with that seed
 * alone, {@code -Dgodwit.cases=N} as many as wanted, from that seed on if both are given.
 */
public final class Seeds {
  private static final long SCRAMBLE = 0x9E3779B97F4A7C15L;

  private Seeds() {}

  /** One case, which depends on nothing but {@code random}. */
  @FunctionalInterface
  public interface Case {
    /** Runs the case; whatever it throws is a failure. */
    void run(Random random) throws Exception;
  }

  /** Runs {@code count} cases, unless the properties say otherwise. */
  public static void each(int count, Case body) {
    long first = Long.getLong("godwit.seed", 1);
    boolean one = System.getProperty("godwit.seed") != null;
    int cases = Integer.getInteger("godwit.cases", one ? 1 : count);
    for (long seed = first; seed < first + cases; seed++) {
      try {
        body.run(random(seed));
      } catch (Exception | AssertionError e) {
        throw new AssertionError("failed with -Dgodwit.seed=" + seed + ": " + e.getMessage(), e);
      }
    }
  }

  /** Whether properties say which cases are run, so that these need not reach everything. */
  public static boolean isNarrowed() {
    return System.getProperty("godwit.seed") != null || System.getProperty("godwit.cases") != null;
  }

  /** Neighbouring seeds of {@link Random} begin alike, so they are spread first. */
  private static Random random(long seed) {
    return new Random(seed * SCRAMBLE);
  }

  /** Random bytes. */
  public static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
