package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.session.Session;

/**
 * A session, and what keeps it on the best path. Closing the session closes the keeper.
 *
 * @param peer with whom
 * @param session what is asked
 * @param keeper how it is reached
 */
record KeptSession(NodeId peer, Session session, PathKeeper keeper) {}
