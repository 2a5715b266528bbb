package dev.godwit.session;

import dev.godwit.limit.Source;
import dev.godwit.limit.SourceQuota;
import dev.godwit.path.AddressText;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Path;
import java.util.concurrent.CompletableFuture;

/**
 * The connections of which nobody knows yet whether they are welcome: anybody can make a key and
 * come so far. Few of each address, and not too many in all; those through the hub count as one
 * address. Thread-safe.
 */
final class Doorstep {
  /** A greeting takes a round trip or two: so many nodes of one house do not come at once. */
  private static final int PER_SOURCE = 32;

  private static final int ALL = 256;

  private final SourceQuota quota;

  Doorstep() {
    this(new SourceQuota(PER_SOURCE, ALL));
  }

  Doorstep(SourceQuota quota) {
    this.quota = quota;
  }

  /**
   * Lets a connection wait for its greeting, if there is room.
   *
   * @param greeted is over when it is known who it is, or that it is not welcome
   */
  boolean enter(Connection connection, CompletableFuture<?> greeted) {
    Source source = source(connection.path());
    if (!quota.enter(source)) {
      return false;
    }
    var _ =
        CompletableFuture.anyOf(greeted, connection.closed())
            .whenComplete((_, _) -> quota.leave(source));
    return true;
  }

  private static Source source(Path path) {
    try {
      return Source.of(AddressText.parse(path.remote()).getAddress());
    } catch (IllegalArgumentException e) {
      // The hub that a connection comes through, or a transport without addresses.
      return new Source(path.remote());
    }
  }
}
