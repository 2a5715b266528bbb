package dev.godwit.fuse;

/** What a kernel and we have in common, found out from its INIT. Immutable. */
final class Agreement {
  /**
   * Not among them: a cache that writes later (it brings FLUSH back, and with it processes that
   * cannot die while they wait for themselves), and one that is dropped when the time of the last
   * change moves (every write moves it).
   */
  private static final long WANTED =
      Protocol.ASYNC_READ
          | Protocol.BIG_WRITES
          | Protocol.ASYNC_DIO
          | Protocol.ABORT_ERROR
          | Protocol.MAX_PAGES
          | Protocol.INIT_EXT
          | Protocol.DIRECT_IO_ALLOW_MMAP;

  private final FuseSettings settings;

  Agreement(FuseSettings settings) {
    this.settings = settings;
  }

  /**
   * Answers an INIT.
   *
   * @return whether the kernel can be served
   */
  boolean answer(FuseRequest init, FuseReply reply) {
    if (init.major() < Protocol.MAJOR
        || (init.major() == Protocol.MAJOR && init.minor() < Protocol.OLDEST_MINOR)) {
      reply.error(init.unique(), FuseError.EPROTO);
      return false;
    }
    reply.agreed(
        init.unique(),
        init.major() == Protocol.MAJOR ? Math.min(init.minor(), Protocol.MINOR) : Protocol.MINOR,
        (int) Math.min(init.maxReadAhead(), settings.readAhead()),
        init.offers() & WANTED,
        settings.inFlight());
    return true;
  }

  /** A newer protocol than ours: the kernel reads our number and asks again in that one. */
  static boolean isFinal(FuseRequest init) {
    return init.major() <= Protocol.MAJOR;
  }
}
