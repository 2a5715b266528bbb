package dev.godwit.session;

/**
 * Where a request comes from.
 *
 * @param peer who asks
 * @param session which of its sessions
 * @param link on which connection of the session it came. It grows: when something has come on a
 *     later one, whoever asks has asked this again there, or does not want it any more.
 */
public record Origin(Peer peer, SessionId session, long link) {}
