package dev.godwit.migration;

import dev.godwit.chunk.BlockRuns;

/**
 * What was written in a round; its further pages are asked for one by one.
 *
 * @param round its number; 0 for the list of the hand-over, -1 before there is any
 */
record RoundList(int round, BlockRuns runs) {}
