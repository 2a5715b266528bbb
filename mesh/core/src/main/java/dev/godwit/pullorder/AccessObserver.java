package dev.godwit.pullorder;

/** Is told what a program reads. Thread-safe; returns at once. */
@FunctionalInterface
public interface AccessObserver {

  /**
   * A program reads bytes.
   *
   * @param offset first byte, inside the resource
   * @param length bytes, positive, up to the resource's end at most
   */
  void read(long offset, long length);
}
