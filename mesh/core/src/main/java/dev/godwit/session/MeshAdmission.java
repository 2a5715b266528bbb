package dev.godwit.session;

import com.google.protobuf.ByteString;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MembershipException;
import dev.godwit.membership.MembershipVerifier;
import dev.godwit.membership.Revocations;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.Hello;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Admits the members of one mesh, by the newest list of revocations that it has heard of.
 * Thread-safe.
 */
public final class MeshAdmission implements Admission, Authority {
  private final Membership own;
  private final MembershipVerifier verifier;
  private final AtomicReference<Revocations> revocations;
  private final Consumer<Revocations> keep;
  private final String software;

  /**
   * @param own our certificate
   * @param known the newest revocations that we have
   * @param keep called with a newer list when one is learned, to store it
   * @param software name and version, for people
   */
  public MeshAdmission(
      Membership own,
      Revocations known,
      Consumer<Revocations> keep,
      InstantSource clock,
      String software) {
    this.own = own;
    this.verifier = new MembershipVerifier(own.mesh(), clock);
    this.revocations = new AtomicReference<>(known);
    this.keep = keep;
    this.software = software;
  }

  /** The newest revocations that we know of. */
  public Revocations known() {
    return revocations.get();
  }

  @Override
  public ByteBuffer revocations() {
    return known().asBuffer();
  }

  @Override
  public void learn(byte[] encoded) throws RemoteException {
    try {
      learn(Revocations.parse(encoded));
    } catch (MembershipException e) {
      throw new RemoteException(Failure.Code.MALFORMED, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Takes a list over if it is newer.
   *
   * @throws MembershipException when it is not of our mesh
   */
  public void learn(Revocations list) throws MembershipException {
    while (true) {
      Revocations known = revocations.get();
      Revocations newer = known.newer(list);
      if (newer.version() == known.version()) {
        return;
      }
      if (revocations.compareAndSet(known, newer)) {
        keep.accept(newer);
        return;
      }
    }
  }

  @Override
  public Hello hello() {
    return Hello.newBuilder()
        .setVersionMin(Greeting.VERSION)
        .setVersionMax(Greeting.VERSION)
        .setMembership(ByteString.copyFrom(own.encoded()))
        .setRevocationsVersion(known().version())
        .setSoftware(software)
        .build();
  }

  @Override
  public Peer admit(NodeId id, Hello hello) throws RemoteException {
    return admit(id, hello.getMembership().toByteArray());
  }

  /**
   * Judges a membership that a peer showed outside a greeting.
   *
   * @throws RemoteException when it does not admit {@code id}
   */
  public Peer admit(NodeId id, byte[] encoded) throws RemoteException {
    try {
      Membership membership = Membership.parse(encoded);
      verifier.verify(membership, id, known());
      return new Peer(id, membership);
    } catch (MembershipException e) {
      throw refused(id, e);
    }
  }

  @Override
  public void check(Peer peer) throws RemoteException {
    try {
      verifier.verifyStill(peer.membership(), known());
    } catch (MembershipException e) {
      throw refused(peer.id(), e);
    }
  }

  private static RemoteException refused(NodeId id, MembershipException cause) {
    // Which mesh this is, is not the business of those who are of another one.
    String why =
        cause.reason() == MembershipException.Reason.WRONG_MESH
            ? "its membership is of another mesh"
            : String.valueOf(cause.getMessage());
    var refused =
        new RemoteException(Failure.Code.NOT_A_MEMBER, id.shortForm() + " is not welcome: " + why);
    refused.initCause(cause);
    return refused;
  }
}
