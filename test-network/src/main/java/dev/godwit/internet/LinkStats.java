package dev.godwit.internet;

/**
 * What one direction of a link has done so far.
 *
 * @param packets how many came to the link, with those that did not get through
 * @param bytes how much they were, from their IP headers on
 * @param lost how many disappeared by chance
 * @param dropped how many found no room, or came to or were on a link that was cut
 */
public record LinkStats(long packets, long bytes, long lost, long dropped) {}
