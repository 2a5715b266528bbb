package dev.godwit.fuse;

import java.time.Instant;

/**
 * What a file says of itself besides its size. Immutable.
 *
 * @param permissions the low twelve bits of the mode
 * @param user number of the owner
 * @param group number of the group
 * @param accessed when it was last read, as far as somebody has set that
 * @param modified when its contents last changed
 * @param changed when anything of this last changed
 */
record FileStatus(
    int permissions, int user, int group, Instant accessed, Instant modified, Instant changed) {

  /** The bits of a mode that are not the file's type. */
  static final int PERMISSIONS = 07777;

  /** A file that appears now. */
  static FileStatus initial(int permissions, int user, int group, Instant now) {
    return new FileStatus(permissions, user, group, now, now, now);
  }

  /** The contents changed. */
  FileStatus written(Instant now) {
    return new FileStatus(permissions, user, group, accessed, now, now);
  }

  /** After a SETATTR, whose size is not looked at. */
  FileStatus set(FuseRequest request, Instant now) {
    int flags = request.flags();
    return new FileStatus(
        (flags & Protocol.FATTR_MODE) != 0 ? request.newMode() & PERMISSIONS : permissions,
        (flags & Protocol.FATTR_UID) != 0 ? request.newUser() : user,
        (flags & Protocol.FATTR_GID) != 0 ? request.newGroup() : group,
        time(
            flags,
            Protocol.FATTR_ATIME,
            Protocol.FATTR_ATIME_NOW,
            request.accessed(),
            request.accessedNanos(),
            accessed,
            now),
        time(
            flags,
            Protocol.FATTR_MTIME,
            Protocol.FATTR_MTIME_NOW,
            request.modified(),
            request.modifiedNanos(),
            modified,
            now),
        now);
  }

  private static Instant time(
      int flags, int given, int asNow, long seconds, int nanos, Instant old, Instant now) {
    if ((flags & asNow) != 0) {
      return now;
    }
    if ((flags & given) == 0) {
      return old;
    }
    return Instant.ofEpochSecond(
        Math.clamp(seconds, Instant.MIN.getEpochSecond(), Instant.MAX.getEpochSecond()),
        Math.clamp(nanos, 0, 999_999_999));
  }
}
