package dev.godwit;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.Arrays;
import java.util.Random;
import java.util.random.RandomGenerator;

/** Feeds a parser with damaged versions of a valid input. */
public final class Mutations {

  private static final int ROUNDS = 10_000;

  private Mutations() {}

  /** Something that reads an input. */
  @FunctionalInterface
  public interface Parser {
    /** Reads it or throws. */
    void parse(byte[] input) throws Exception;
  }

  /** Fails when the parser throws anything but {@code declared}. */
  public static void check(byte[] valid, Class<? extends Exception> declared, Parser parser) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < ROUNDS; round++) {
      byte[] input = mutate(valid, random);
      try {
        parser.parse(input);
      } catch (Exception | StackOverflowError e) {
        if (!declared.isInstance(e)) {
          fail("seed " + seed + ", round " + round + ": " + Arrays.toString(input), e);
        }
      }
    }
  }

  private static byte[] mutate(byte[] valid, RandomGenerator random) {
    byte[] mutated = valid.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      mutated =
          switch (random.nextInt(5)) {
            case 0 -> changed(mutated, random, (byte) random.nextInt());
            case 1 -> changed(mutated, random, (byte) 0x30);
            case 2 -> changed(mutated, random, (byte) 0x80);
            case 3 -> Arrays.copyOf(mutated, random.nextInt(mutated.length + 8));
            default -> repeated(mutated, random);
          };
    }
    return mutated;
  }

  private static byte[] changed(byte[] input, RandomGenerator random, byte value) {
    if (input.length > 0) {
      input[random.nextInt(input.length)] = value;
    }
    return input;
  }

  private static byte[] repeated(byte[] input, RandomGenerator random) {
    if (input.length == 0) {
      return input;
    }
    int from = random.nextInt(input.length);
    int to = from + random.nextInt(input.length - from);
    byte[] longer = Arrays.copyOf(input, input.length + to - from);
    System.arraycopy(input, from, longer, to, input.length - from);
    return longer;
  }
}
