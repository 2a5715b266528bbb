package dev.godwit.hub;

import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;

/**
 * Why the hub ends a connection that is or was to be relayed. The sentence travels in the WebSocket
 * close frame, so it is short and ASCII.
 *
 * @param kind the reason
 * @param sentence for people, at most 120 characters
 */
record RelayEnd(Kind kind, String sentence) {

  /** Reasons, with their WebSocket close codes (RFC 6455, section 7.4.2: 4000 to 4999 are ours). */
  enum Kind {
    MALFORMED(4000),
    BAD_PASS(4001),
    TOO_MANY_CIRCUITS(4002),
    DRAINING(4003),
    NOBODY_CAME(4004),
    BYTES_USED_UP(4005),
    TIME_USED_UP(4006),
    OTHER_LEFT(4007),
    TAKEN(4008),
    SILENT(4009);

    private final int code;

    Kind(int code) {
      this.code = code;
    }
  }

  WebSocketCloseStatus status() {
    return new WebSocketCloseStatus(kind.code, sentence);
  }
}
