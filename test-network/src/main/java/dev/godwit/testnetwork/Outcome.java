package dev.godwit.testnetwork;

/**
 * What a program that has ended left behind.
 *
 * @param command what was run
 * @param status its exit status
 * @param out what it wrote to its standard output
 * @param err what it wrote to its standard error
 */
public record Outcome(String command, int status, String out, String err) {
  /**
   * This, when the program has succeeded.
   *
   * @throws IllegalStateException when it has not
   */
  public Outcome succeeded() {
    if (status != 0) {
      throw new IllegalStateException("it failed: " + this);
    }
    return this;
  }
}
