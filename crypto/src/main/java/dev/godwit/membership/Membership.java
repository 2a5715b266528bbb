package dev.godwit.membership;

import dev.godwit.der.DerReader;
import dev.godwit.der.DerWriter;
import dev.godwit.der.MalformedDerException;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.identity.SigningKey;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * The certificate by which a mesh says that a node is its member, under which name, and what it may
 * do. It proves nothing before a {@link MembershipVerifier} accepted it. Immutable; two are equal
 * when their encodings are.
 *
 * <pre>{@code
 * Membership ::= SEQUENCE { body OCTET STRING (the DER of Body), signature OCTET STRING (64) }
 * Body ::= SEQUENCE {
 *   version INTEGER (1), mesh OCTET STRING (32), node OCTET STRING (32), name UTF8String,
 *   grants SEQUENCE OF SEQUENCE { pattern UTF8String, capabilities INTEGER },
 *   notBefore INTEGER, expiry INTEGER, serial OCTET STRING (16) }
 * }</pre>
 *
 * Times are in milliseconds since 1970.
 */
public final class Membership {

  /** The longest time that one can last; after it a revocation of it has nothing left to do. */
  public static final Duration LONGEST = Duration.ofDays(400);

  /** The longest encoding that is read or made. */
  public static final int MAX_BYTES = 16 * 1024;

  private static final String CONTEXT = "membership";
  private static final int VERSION = 1;

  /** How far in the past the validity begins, for peers whose clocks are behind. */
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private final Octets encoded;
  private final Octets body;
  private final Octets signature;
  private final MeshId mesh;
  private final NodeId node;
  private final String name;
  private final List<Grant> grants;
  private final Instant notBefore;
  private final Instant expiry;
  private final Serial serial;

  private Membership(byte[] encoded) throws MalformedDerException {
    DerReader outer = DerReader.of(encoded, MAX_BYTES);
    this.encoded = Octets.of(encoded);
    this.body = outer.octets(0, MAX_BYTES);
    this.signature = outer.octets(SigningKey.SIGNATURE_BYTES);
    outer.end();
    DerReader in = DerReader.of(body.toByteArray(), MAX_BYTES);
    in.integer(VERSION, VERSION);
    this.mesh = new MeshId(in.octets(MeshId.BYTES));
    this.node = new NodeId(in.octets(NodeId.BYTES));
    this.name = Label.require(in.text(Label.MAX_CHARS));
    this.grants = Grant.read(in);
    this.notBefore = in.instant();
    this.expiry = in.instant();
    this.serial = new Serial(in.octets(Serial.BYTES));
    in.end();
    if (!notBefore.isBefore(expiry)) {
      throw new MalformedDerException("It ends before it begins.");
    }
    if (Duration.between(notBefore, expiry).compareTo(LONGEST) > 0) {
      throw new MalformedDerException("It lasts longer than " + LONGEST.toDays() + " days.");
    }
  }

  /**
   * Makes a member.
   *
   * @param name what people call the node: 1 to 63 characters a-z, 0-9 and -
   * @param grants at most {@link Grant#MAX_GRANTS}; what none of them permits is denied
   * @param lifetime from now, at least a second, at most {@link #LONGEST} less a day
   * @throws IllegalArgumentException when any of these rules is broken, or when name and grants do
   *     not fit into {@link #MAX_BYTES}
   */
  public static Membership issue(
      MeshKey key,
      NodeId node,
      String name,
      List<Grant> grants,
      InstantSource clock,
      Duration lifetime,
      SecureRandom random) {
    if (lifetime.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("A membership lives for at least one second.");
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    byte[] body =
        new DerWriter()
            .integer(VERSION)
            .octets(key.id().key())
            .octets(node.key())
            .text(Label.require(name))
            .sequence(Grant.write(grants))
            .instant(now.minus(CLOCK_SKEW))
            .instant(now.plus(lifetime))
            .octets(Serial.random(random).value())
            .encoded();
    byte[] encoded = new DerWriter().octets(body).octets(key.sign(CONTEXT, body)).encoded();
    try {
      return new Membership(encoded);
    } catch (MalformedDerException e) {
      throw new IllegalArgumentException("This can not be a membership: " + e.getMessage(), e);
    }
  }

  /**
   * Reads a membership; does not verify it.
   *
   * @throws MembershipException with the reason {@code MALFORMED}
   */
  public static Membership parse(byte[] encoded) throws MembershipException {
    try {
      return new Membership(encoded);
    } catch (MalformedDerException | IllegalArgumentException e) {
      throw new MembershipException(
          MembershipException.Reason.MALFORMED,
          "The membership certificate can not be read: " + e.getMessage(),
          e);
    }
  }

  boolean isSigned() {
    return mesh.verify(CONTEXT, body.toByteArray(), signature.toByteArray());
  }

  /** A fresh copy of the encoding. */
  public byte[] encoded() {
    return encoded.toByteArray();
  }

  /** The mesh that it claims to be of. */
  public MeshId mesh() {
    return mesh;
  }

  /** The member. */
  public NodeId node() {
    return node;
  }

  /** What people call the member. */
  public String name() {
    return name;
  }

  /** What the member may do. */
  public List<Grant> grants() {
    return grants;
  }

  /** The first moment of its validity. */
  public Instant notBefore() {
    return notBefore;
  }

  /** The first moment after its validity. */
  public Instant expiry() {
    return expiry;
  }

  /** Its own number. */
  public Serial serial() {
    return serial;
  }

  /** Whether a grant permits that; what none permits is denied. */
  public boolean allows(String resource, Capability capability) {
    return Grant.anyAllows(grants, resource, capability);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Membership that && encoded.equals(that.encoded);
  }

  @Override
  public int hashCode() {
    return encoded.hashCode();
  }

  /** Name, node, mesh and expiry. */
  @Override
  public String toString() {
    return "Membership["
        + name
        + " "
        + node.shortForm()
        + " of "
        + mesh.shortForm()
        + " until "
        + expiry
        + "]";
  }
}
