package dev.godwit.mount;

/** What a flush by the program promises. */
public enum Durability {
  /** The owner has it on stable storage. */
  REMOTE,
  /** This machine has it on stable storage, and the owner gets it as soon as it can be reached. */
  LOCAL
}
