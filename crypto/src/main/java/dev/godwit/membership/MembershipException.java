package dev.godwit.membership;

/** A membership or a list of revocations is refused. */
public final class MembershipException extends Exception {

  /** Why it is refused. */
  public enum Reason {
    /** It belongs to another mesh. */
    WRONG_MESH,
    /** The mesh's key did not sign it. */
    BAD_SIGNATURE,
    /** Its validity has not begun. */
    NOT_YET_VALID,
    /** Its validity is over. */
    EXPIRED,
    /** It is that of another node than the one that presents it. */
    OTHER_NODE,
    /** The mesh took it back. */
    REVOKED,
    /** It can not be read. */
    MALFORMED
  }

  private final Reason reason;

  MembershipException(Reason reason, String sentence) {
    super(sentence);
    this.reason = reason;
  }

  MembershipException(Reason reason, String sentence, Throwable cause) {
    super(sentence, cause);
    this.reason = reason;
  }

  /** Why it is refused; the message says it to a human. */
  public Reason reason() {
    return reason;
  }
}
