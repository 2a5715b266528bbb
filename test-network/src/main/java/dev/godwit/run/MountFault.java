package dev.godwit.run;

import java.util.Locale;

/** What happens to a mount that a file system is on and that programs are at work in. */
enum MountFault {
  /** Nothing. */
  NONE("nothing", Ending.GOES_ON),
  /** The owner does not answer for a second. */
  OWNER_AWAY_1S("owner away for 1 s", Ending.GOES_ON),
  /** The owner does not answer for half a minute. */
  OWNER_AWAY_30S("owner away for 30 s", Ending.GOES_ON),
  /** The owner does not answer any more. */
  OWNER_GONE("owner gone for ever", Ending.BREAKS),
  /** The owner's process is killed, and started again. */
  OWNER_KILLED("owner killed, started again", Ending.GOES_ON),
  /** The process that mounts is killed. */
  MOUNT_KILLED("mounting process killed", Ending.BREAKS),
  /** Both are killed. */
  BOTH_KILLED("both killed", Ending.BREAKS),
  /** The owner comes back with what it had before all that was written. */
  OWNER_OLDER("owner back with older data", Ending.REFUSED),
  /** Another node wants to write, too. */
  SECOND_WRITER("a second writer", Ending.GOES_ON),
  /** Somebody unmounts what is in use. */
  BUSY_UMOUNT("umount while busy", Ending.GOES_ON),
  /** The mount is to end while there is no network. */
  DEAD_UMOUNT("umount with the network dead", Ending.BREAKS),
  /** There is no room for the cache any more. */
  CACHE_FULL("cache disk full", Ending.BREAKS),
  /** After a crash, the cache of another resource is given. */
  CACHE_OTHER("cache of another resource", Ending.BREAKS),
  /** After a crash, a byte of the cache's journal is another one. */
  CACHE_DAMAGED("cache damaged", Ending.BREAKS),
  /** After a crash, the cache is shorter. */
  CACHE_SIZE("cache of another size", Ending.BREAKS);

  /** What programs and the mount may do. */
  enum Ending {
    /** Nobody notices. */
    GOES_ON,
    /** Programs may fail, as with a disk that goes away; with the next mount all is well. */
    BREAKS,
    /** What was written cannot be saved; the owner's data stays as it is. */
    REFUSED
  }

  private final String sentence;
  private final Ending ending;

  MountFault(String sentence, Ending ending) {
    this.sentence = sentence;
    this.ending = ending;
  }

  String sentence() {
    return sentence;
  }

  Ending ending() {
    return ending;
  }

  /** Whether it can happen to such a mount: only a file is unmounted. */
  boolean suits(MountWay way) {
    return switch (this) {
      case BUSY_UMOUNT, DEAD_UMOUNT -> way == MountWay.FUSE;
      default -> true;
    };
  }

  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
