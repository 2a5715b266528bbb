package dev.godwit.fuse;

/** What unmounting does about programs that still use the file. */
public enum Unmount {
  /** Waits for them, and fails with {@link MountInUseException} when they take too long. */
  ORDERLY,
  /** Waits for half of the time; then their calls fail, what they have not written yet is lost. */
  FORCED
}
