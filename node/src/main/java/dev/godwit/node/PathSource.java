package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.path.PathPolicy;
import dev.godwit.signaling.PresentInstance;
import dev.godwit.stream.Connection;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** What a {@link PathKeeper} needs of its node. Thread-safe. */
interface PathSource {

  /**
   * A process of a node that offers a resource now.
   *
   * @throws IOException when there is none, or nobody can be asked
   */
  PresentInstance locate(NodeId peer, String resource) throws IOException;

  /** Starts every way that is allowed. */
  void begin(PathRace race, PresentInstance process, String resource, PathPolicy allowed);

  /** Addresses at which the peer might be, without asking anybody. */
  List<String> neighbours();

  /**
   * Dials addresses and greets who is there.
   *
   * @throws IOException when that does not lead to the peer
   */
  Connection connect(NodeId peer, List<String> addresses, Duration patience) throws IOException;

  /** A path seems to be dead; others may be, too. */
  void doubt();

  /** The keeper has ended. */
  void forget(PathKeeper keeper);
}
