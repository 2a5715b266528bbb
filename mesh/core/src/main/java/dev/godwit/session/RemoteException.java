package dev.godwit.session;

import dev.godwit.wire.Printable;
import dev.godwit.wire.proto.Failure;
import java.io.IOException;

/** The peer understood the request and refused it, or failed at it. Asking again may not help. */
public final class RemoteException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Failure.Code code;

  /** What the peer said, without what terminals obey. */
  public RemoteException(Failure failure) {
    this(failure.getCode(), failure.getMessage());
  }

  /**
   * A refusal to be sent to a peer, or one that came in another way.
   *
   * @param message why, in whoever's words; what terminals obey is left out
   */
  public RemoteException(Failure.Code code, String message) {
    super(Printable.text(message));
    this.code = code;
  }

  /** Why. */
  public Failure.Code code() {
    return code;
  }

  /** The message for the wire. */
  public Failure toFailure() {
    return Failure.newBuilder().setCode(code).setMessage(String.valueOf(getMessage())).build();
  }
}
