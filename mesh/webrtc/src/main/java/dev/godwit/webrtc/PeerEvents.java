package dev.godwit.webrtc;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What the WebRTC process tells about one peer connection. All methods are called by the one thread
 * that reads from it, except {@link #lost}; none may block. What they throw ends that peer
 * connection.
 */
interface PeerEvents {
  /** A description of our own was made. */
  void described(String sdp) throws IOException;

  /** The peer's description is in use. */
  void remoteSet() throws IOException;

  /** A candidate of our own. */
  void candidate(Signal.Candidate candidate) throws IOException;

  /** There are no more candidates of our own. */
  void gathered() throws IOException;

  /** The peer connection's state changed. */
  void state(String name) throws IOException;

  /** The peer opened a channel. */
  void channel(int channel, String label) throws IOException;

  /** A channel of ours is open. */
  void channelOpen(int channel) throws IOException;

  /** A message came; the buffer is valid during the call. */
  void message(int channel, ByteBuffer message) throws IOException;

  /** So much has left a channel. */
  void sent(int channel, long cost) throws IOException;

  /** A channel is closed. */
  void channelClosed(int channel) throws IOException;

  /** The way that is used: our candidate's type, the peer's, its address. */
  void path(List<String> fields) throws IOException;

  /** The peer connection, or the process, is of no use any more. */
  void lost(String reason);
}
