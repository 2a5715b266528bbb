package dev.godwit.webrtc.bridge;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** What a frame on the bridge says. */
public enum BridgeType {
  // From the node.

  /** Make a peer connection. Fields: policy, certificate, key, expiry, then url, user, password. */
  CREATE(0),
  /** Make the offer; answered by {@link #DESCRIPTION}. */
  MAKE_OFFER(1),
  /** Make the answer; answered by {@link #DESCRIPTION}. */
  MAKE_ANSWER(2),
  /** Use a description of our own. Fields: offer or answer, SDP. */
  SET_LOCAL(3),
  /** Use the peer's description; answered by {@link #REMOTE_SET}. Fields: offer or answer, SDP. */
  SET_REMOTE(4),
  /** A candidate of the peer. Fields: mid, line, SDP. */
  ADD_CANDIDATE(5),
  /** Open a data channel. Fields: label, urgency. */
  OPEN_CHANNEL(6),
  /** Send a message on a data channel. The body is the message. */
  SEND(7),
  /** Close a data channel, after what was sent. */
  CLOSE_CHANNEL(8),
  /** Forget a data channel that is closed. */
  RELEASE_CHANNEL(9),
  /** Say which way is used; answered by {@link #PATH}. */
  GET_PATH(10),
  /** Close a peer connection. */
  CLOSE(11),

  // To the node.

  /** The library is loaded. */
  READY(12),
  /** The library cannot be used. Fields: why. */
  UNUSABLE(13),
  /** A description of our own was made. Fields: SDP. */
  DESCRIPTION(14),
  /** The peer's description is in use. */
  REMOTE_SET(15),
  /** A candidate of our own. Fields: mid, line, SDP. */
  CANDIDATE(16),
  /** There are no more candidates of our own. */
  GATHERED(17),
  /** The peer connection's state changed. Fields: its name. */
  STATE(18),
  /** The peer opened a data channel. Fields: label. */
  CHANNEL(19),
  /** A data channel of ours is open. */
  CHANNEL_OPEN(20),
  /** A message came on a data channel. The body is the message. */
  MESSAGE(21),
  /** So much left since the channel was opened: a long, in the unit of {@link BridgeCost}. */
  SENT(22),
  /** A data channel is closed. */
  CHANNEL_CLOSED(23),
  /** The way that is used. Fields: our candidate's type, the peer's, its address. */
  PATH(24),
  /** A step of making the connection failed. Fields: why. */
  FAILED(25),
  /** So many messages came that the library has lost much memory over them. */
  WORN(26);

  private static final Map<Integer, BridgeType> ALL =
      Arrays.stream(values()).collect(Collectors.toMap(BridgeType::number, type -> type));

  private final int number;

  BridgeType(int number) {
    this.number = number;
  }

  /** What is sent for it. */
  int number() {
    return number;
  }

  /**
   * The type with this number.
   *
   * @throws BridgeException when there is none
   */
  static BridgeType of(int number) throws BridgeException {
    BridgeType type = ALL.get(number);
    if (type == null) {
      throw new BridgeException("there is no frame of type " + number);
    }
    return type;
  }
}
