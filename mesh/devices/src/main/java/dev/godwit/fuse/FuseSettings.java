package dev.godwit.fuse;

import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * How a resource is mounted as a file.
 *
 * @param access whether programs may write
 * @param threads that take requests from the kernel, 1 to 64; each serves a fast backend itself
 * @param inFlight requests of a slow backend that are served at once, 1 to 1024; each takes 1 MiB
 * @param readAhead the most that the kernel reads ahead, bytes, not negative; a page fault in a
 *     mapping reads this much around itself. More than 128 KiB needs the right to write to {@code
 *     /sys/class/bdi}; without it the kernel's own limit stays
 * @param caching whether the kernel keeps what was read
 * @param permissions of the file; the owner may read. Users besides the one who mounts get through
 *     only when the group or others have any permission
 * @param patience how long mounting may take, and unmounting in {@link FuseFile#close()}, positive
 */
public record FuseSettings(
    Access access,
    int threads,
    int inFlight,
    int readAhead,
    Caching caching,
    Set<PosixFilePermission> permissions,
    Duration patience) {

  /**
   * Reading and writing for the owner alone, 2 to 4 threads, 64 requests, 1 MiB, cached, 10
   * seconds.
   */
  public static final FuseSettings DEFAULT =
      new FuseSettings(
          Access.READ_WRITE,
          Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 4),
          64,
          1 << 20,
          Caching.KEPT,
          PosixFilePermissions.fromString("rw-------"),
          Duration.ofSeconds(10));

  /** What programs may do. */
  public enum Access {
    /** Reading only; the kernel refuses everything else with EROFS. */
    READ_ONLY,
    /** Reading and writing. */
    READ_WRITE
  }

  /** Whether the kernel keeps what was read. */
  public enum Caching {
    /** It does: the contents change through this mount only. */
    KEPT,
    /** Every read and write reaches the backend; mappings work all the same. */
    NONE
  }

  /** Rejects settings under which nothing could be served. */
  public FuseSettings {
    if (threads < 1 || threads > 64) {
      throw new IllegalArgumentException("threads " + threads);
    }
    if (inFlight < 1 || inFlight > 1024) {
      throw new IllegalArgumentException("inFlight " + inFlight);
    }
    if (readAhead < 0) {
      throw new IllegalArgumentException("readAhead " + readAhead);
    }
    if (!permissions.contains(PosixFilePermission.OWNER_READ)) {
      throw new IllegalArgumentException("the owner may not read");
    }
    if (!patience.isPositive()) {
      throw new IllegalArgumentException("patience " + patience);
    }
    permissions = Set.copyOf(permissions);
  }

  /** The same, but read-only. */
  public FuseSettings readOnly() {
    return new FuseSettings(
        Access.READ_ONLY, threads, inFlight, readAhead, caching, permissions, patience);
  }

  /** The same with another number of threads. */
  public FuseSettings withThreads(int count) {
    return new FuseSettings(access, count, inFlight, readAhead, caching, permissions, patience);
  }

  /** The same with another bound of requests under way. */
  public FuseSettings withInFlight(int count) {
    return new FuseSettings(access, threads, count, readAhead, caching, permissions, patience);
  }

  /** The same with another read-ahead, bytes. */
  public FuseSettings withReadAhead(int bytes) {
    return new FuseSettings(access, threads, inFlight, bytes, caching, permissions, patience);
  }

  /** The same with or without the kernel's cache. */
  public FuseSettings withCaching(Caching other) {
    return new FuseSettings(access, threads, inFlight, readAhead, other, permissions, patience);
  }

  /** The same with other permissions. */
  public FuseSettings withPermissions(Set<PosixFilePermission> others) {
    return new FuseSettings(access, threads, inFlight, readAhead, caching, others, patience);
  }

  /** The same with another patience. */
  public FuseSettings withPatience(Duration limit) {
    return new FuseSettings(access, threads, inFlight, readAhead, caching, permissions, limit);
  }

  /** The same for a file that lies over one with these permissions: the owner may execute both. */
  FuseSettings overFileWith(Set<PosixFilePermission> others) {
    if (!others.contains(PosixFilePermission.OWNER_EXECUTE)) {
      return this;
    }
    Set<PosixFilePermission> all = EnumSet.copyOf(permissions);
    all.add(PosixFilePermission.OWNER_EXECUTE);
    return withPermissions(all);
  }

  /** Whether somebody besides the owner may do anything. */
  boolean isShared() {
    return permissions.stream().anyMatch(one -> !one.name().startsWith("OWNER_"));
  }

  /** The low nine bits of the file's mode. */
  int mode() {
    int mode = 0;
    for (char letter : PosixFilePermissions.toString(permissions).toCharArray()) {
      mode = mode << 1 | (letter == '-' ? 0 : 1);
    }
    return mode;
  }
}
