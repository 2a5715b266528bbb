package dev.godwit.nbd.kernel;

/** What detaching does about programs that still use the device. */
public enum Detach {
  /**
   * Waits for whoever has mounted it or the like, and leaves all as it is when that takes too long;
   * what was written is written out first.
   */
  ORDERLY,
  /** Programs' accesses fail, what they have not written yet is lost. */
  FORCED
}
