package dev.godwit.migration;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.NodeId;

/** Who owns a resource's state, as far as this node knows. What its journal adds up to. */
public sealed interface Ownership {

  /** The generation that this node last knew of; 0 when it never had any. */
  long generation();

  /** Nothing is known: a new file. */
  record Unknown() implements Ownership {
    @Override
    public long generation() {
      return 0;
    }
  }

  /** This node owns the state. */
  record Owned(long generation) implements Ownership {}

  /**
   * The state was given to {@code leecher}; our copy is kept until it is released.
   *
   * @param generation the leecher's
   * @param dirty what the leecher was told to fetch again
   */
  record HandedOver(
      long generation, MigrationId migration, MigrationId token, NodeId leecher, BlockRuns dirty)
      implements Ownership {}

  /** The state was given away and the new owner has all of it; our copy is worth nothing. */
  record Released(long generation) implements Ownership {}

  /**
   * A copy is being collected; nobody depends on it.
   *
   * @param seeder whose state it is
   * @param resource its name there
   */
  record Pulling(MigrationId migration, NodeId seeder, String resource, ChunkGeometry geometry)
      implements Ownership {
    @Override
    public long generation() {
      return 0;
    }
  }

  /**
   * The state was asked for; only the seeder knows whether it was handed over.
   *
   * @param missing what was not here when it was asked for
   */
  record Finalizing(Pulling pulling, MigrationId token, BlockRuns missing) implements Ownership {
    @Override
    public long generation() {
      return 0;
    }
  }

  /**
   * This node owns the state, but some blocks are still at the seeder.
   *
   * @param missing those blocks
   */
  record Running(long generation, Finalizing origin, BlockRuns missing) implements Ownership {}

  /** This node owns the state and has all of it; the seeder may not have heard of that yet. */
  record Taken(long generation, Finalizing origin) implements Ownership {}

  /** The state was given back unused; the seeder may not have heard of it yet. */
  record Declined(long generation, Finalizing origin) implements Ownership {}

  /** One word for messages. */
  default String word() {
    return switch (this) {
      case Unknown _ -> "new";
      case Owned _, Taken _ -> "owned";
      case HandedOver _ -> "handed-over";
      case Released _ -> "released";
      case Pulling _ -> "pulling";
      case Finalizing _ -> "finalizing";
      case Running _ -> "running";
      case Declined _ -> "declined";
    };
  }
}
