package dev.godwit.stun;

import java.io.IOException;

/** A datagram is not a STUN message as RFC 8489 wants it. */
public final class MalformedStunException extends IOException {

  MalformedStunException(String message) {
    super(message);
  }
}
