package dev.godwit.membership;

import dev.godwit.der.DerReader;
import dev.godwit.der.DerWriter;
import dev.godwit.der.MalformedDerException;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.identity.SigningKey;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The nodes and the single certificates that a mesh took back, signed by the mesh's key. Every
 * change makes a list with the next version number; of two lists the one with the higher number
 * counts. A node once revoked stays so for as long as a certificate can last, and to come back
 * before that it needs a new identity: an entry that is older has nothing left to do, and goes with
 * the next change. Immutable.
 *
 * <pre>{@code
 * Revocations ::= SEQUENCE { body OCTET STRING (the DER of Body), signature OCTET STRING }
 * Body ::= SEQUENCE {
 *   format INTEGER (1), mesh OCTET STRING (32), version INTEGER,
 *   entries SEQUENCE OF SEQUENCE { node or serial OCTET STRING (32 or 16), when INTEGER } }
 * }</pre>
 *
 * The entries are in ascending order. Version 0 is the empty list, with an empty signature.
 */
public final class Revocations {

  /** The longest encoding that is read or made. */
  public static final int MAX_BYTES = 1024 * 1024;

  /** The most entries that one list can have. */
  public static final int MAX_ENTRIES = 20 * 1024;

  /** How long an entry is kept at least: a certificate of that time cannot last longer. */
  public static final Duration KEPT = Membership.LONGEST.plusDays(1);

  private static final String CONTEXT = "revocations";
  private static final int FORMAT = 1;

  private final MeshId mesh;
  private final long version;
  private final SortedMap<Octets, Instant> entries;
  private final Octets encoded;

  private Revocations(
      MeshId mesh, long version, SortedMap<Octets, Instant> entries, byte[] encoded) {
    this.mesh = mesh;
    this.version = version;
    this.entries = Collections.unmodifiableSortedMap(entries);
    this.encoded = Octets.of(encoded);
  }

  /** Version 0 of every mesh: nothing was revoked yet. */
  public static Revocations none(MeshId mesh) {
    SortedMap<Octets, Instant> nothing = new TreeMap<>();
    byte[] encoded = encode(body(mesh, 0, nothing), new byte[0]);
    return new Revocations(mesh, 0, nothing, encoded);
  }

  /**
   * The next version, in which this node is revoked with all its certificates. Revoking it again
   * keeps the first time. What was revoked longer than {@link #KEPT} before is left out.
   *
   * @throws IllegalArgumentException when the key is that of another mesh or the list is full
   */
  public Revocations revoke(MeshKey key, NodeId node, Instant when) {
    return with(key, List.of(node.key()), when);
  }

  /** The next version, in which this one certificate is revoked; otherwise as above. */
  public Revocations revoke(MeshKey key, Serial serial, Instant when) {
    return with(key, List.of(serial.value()), when);
  }

  /** The next version, in which all these certificates are revoked; otherwise as above. */
  public Revocations revoke(MeshKey key, Collection<Serial> serials, Instant when) {
    return with(key, serials.stream().map(Serial::value).toList(), when);
  }

  private Revocations with(MeshKey key, Collection<Octets> subjects, Instant when) {
    if (!key.id().equals(mesh)) {
      throw new IllegalArgumentException(
          "The key of " + key.id() + " can not revoke in " + mesh + ".");
    }
    SortedMap<Octets, Instant> more = new TreeMap<>(entries);
    Instant oldest = when.minus(KEPT);
    more.values().removeIf(earlier -> earlier.isBefore(oldest));
    Instant moment = Instant.ofEpochMilli(when.toEpochMilli());
    subjects.forEach(subject -> more.putIfAbsent(subject, moment));
    if (more.size() > MAX_ENTRIES) {
      throw new IllegalArgumentException(
          "The list of revocations is full: "
              + MAX_ENTRIES
              + ". The oldest entry goes "
              + KEPT.toDays()
              + " days after it was made.");
    }
    byte[] body = body(mesh, version + 1, more);
    return new Revocations(mesh, version + 1, more, encode(body, key.sign(CONTEXT, body)));
  }

  /**
   * Reads a list and verifies that the mesh it names signed it. Which mesh that is, is for the
   * caller to compare.
   *
   * @throws MembershipException with the reason {@code MALFORMED} or {@code BAD_SIGNATURE}
   */
  public static Revocations parse(byte[] encoded) throws MembershipException {
    try {
      DerReader outer = DerReader.of(encoded, MAX_BYTES);
      byte[] body = outer.octets(0, MAX_BYTES).toByteArray();
      byte[] signature = outer.octets(0, SigningKey.SIGNATURE_BYTES).toByteArray();
      outer.end();
      DerReader in = DerReader.of(body, MAX_BYTES);
      in.integer(FORMAT, FORMAT);
      MeshId mesh = new MeshId(in.octets(MeshId.BYTES));
      long version = in.integer(0, Long.MAX_VALUE - 1);
      SortedMap<Octets, Instant> entries = entries(in.sequence(MAX_ENTRIES));
      in.end();
      if (version == 0) {
        if (!entries.isEmpty() || signature.length != 0) {
          throw new MalformedDerException("Version 0 is not empty.");
        }
      } else if (!mesh.verify(CONTEXT, body, signature)) {
        throw new MembershipException(
            MembershipException.Reason.BAD_SIGNATURE,
            "The list of revocations is not signed by " + mesh + ".");
      }
      return new Revocations(mesh, version, entries, encoded);
    } catch (MalformedDerException | IllegalArgumentException e) {
      throw new MembershipException(
          MembershipException.Reason.MALFORMED,
          "The list of revocations can not be read: " + e.getMessage(),
          e);
    }
  }

  private static SortedMap<Octets, Instant> entries(DerReader in) throws MalformedDerException {
    SortedMap<Octets, Instant> entries = new TreeMap<>();
    while (in.hasMore()) {
      DerReader entry = in.sequence(2);
      Octets subject = entry.octets(Serial.BYTES, NodeId.BYTES);
      Instant when = entry.instant();
      entry.end();
      if (subject.length() != Serial.BYTES && subject.length() != NodeId.BYTES) {
        throw new MalformedDerException("An entry is neither a node id nor a serial.");
      }
      if (!entries.isEmpty() && entries.lastKey().compareTo(subject) >= 0) {
        throw new MalformedDerException("The entries are not in ascending order.");
      }
      entries.put(subject, when);
    }
    return entries;
  }

  private static byte[] body(MeshId mesh, long version, SortedMap<Octets, Instant> entries) {
    DerWriter list = new DerWriter();
    for (Map.Entry<Octets, Instant> entry : entries.entrySet()) {
      list.sequence(new DerWriter().octets(entry.getKey()).instant(entry.getValue()));
    }
    return new DerWriter()
        .integer(FORMAT)
        .octets(mesh.key())
        .integer(version)
        .sequence(list)
        .encoded();
  }

  private static byte[] encode(byte[] body, byte[] signature) {
    return new DerWriter().octets(body).octets(signature).encoded();
  }

  /** A fresh copy of the encoding. */
  public byte[] encoded() {
    return encoded.toByteArray();
  }

  /** The encoding, to be read only; shared. */
  public ByteBuffer asBuffer() {
    return encoded.asBuffer();
  }

  /** How many nodes and certificates it names. */
  public int size() {
    return entries.size();
  }

  /** The mesh whose list it is. */
  public MeshId mesh() {
    return mesh;
  }

  /** The number of changes that led to this list. */
  public long version() {
    return version;
  }

  /** Whether the node is revoked. */
  public boolean isRevoked(NodeId node) {
    return entries.containsKey(node.key());
  }

  /** Whether this single certificate is revoked. */
  public boolean isRevoked(Serial serial) {
    return entries.containsKey(serial.value());
  }

  /**
   * The one of the two lists that counts.
   *
   * @throws MembershipException with the reason {@code WRONG_MESH} when the other list is that of
   *     another mesh
   */
  public Revocations newer(Revocations other) throws MembershipException {
    if (!other.mesh.equals(mesh)) {
      throw new MembershipException(
          MembershipException.Reason.WRONG_MESH,
          "The list of revocations is that of " + other.mesh + ", not of " + mesh + ".");
    }
    return other.version > version ? other : this;
  }

  /** Mesh, version and number of entries. */
  @Override
  public String toString() {
    return "Revocations["
        + mesh.shortForm()
        + " version "
        + version
        + ", "
        + entries.size()
        + " entries]";
  }
}
