package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Identity;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.membership.Label;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MembershipException;
import dev.godwit.membership.MembershipVerifier;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.HubException;
import dev.godwit.signaling.Signaling;
import dev.godwit.signaling.proto.JoinReply;
import dev.godwit.signaling.proto.JoinRequest;
import dev.godwit.signaling.proto.Signal;
import dev.godwit.stream.Interruption;
import dev.godwit.ticket.InvalidTicketException;
import dev.godwit.ticket.Invitation;
import dev.godwit.ticket.Ticket;
import dev.godwit.wire.Printable;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** How a mesh comes to be and grows: it is created, its maker invites, others join. */
public final class MeshFounding {
  private static final Duration HUB = Duration.ofSeconds(10);
  private static final Duration ANSWER = Duration.ofSeconds(10);

  private MeshFounding() {}

  /** As the other one, with nobody who wants to know what is waited for. */
  public static Membership create(NodeHome home, String name, String as, HubAddress hub)
      throws IOException {
    return create(home, name, as, hub, Wait.Listener.NONE);
  }

  /**
   * Makes a mesh with this node as its first member, which may do everything.
   *
   * @param name of the mesh, for people
   * @param as this node's name in it
   * @param waits told what is waited for
   * @throws NodeException when the hub cannot be reached, or a name is not allowed
   */
  public static Membership create(
      NodeHome home, String name, String as, HubAddress hub, Wait.Listener waits)
      throws IOException {
    checkNames(name, as);
    SecureRandom random = new SecureRandom();
    InstantSource clock = InstantSource.system();
    Identity identity = home.identity();
    if (home.isMember()) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          (home.meshKey().isPresent() ? "This node has made mesh " : "This node is in mesh ")
              + home.mesh().name()
              + " already; use another --home for a second one.");
    }
    try (HubClient client =
        HubClient.start(
            hub,
            new Credentials(
                identity,
                MeshKey.generate(random).id(),
                InstanceId.random(random),
                SealingKey.generate(random)),
            clock,
            random)) {
      online(client, hub, waits);
    }
    MeshKey key = home.createMeshKey();
    try {
      Membership own =
          Membership.issue(
              key,
              identity.id(),
              as,
              List.of(new Grant("*", EnumSet.allOf(Capability.class))),
              clock,
              MemberSignals.MEMBERSHIP,
              random);
      home.enter(new MeshInfo(key.id(), name, List.of(hub.hostAndPort()), hub.fingerprint()), own);
      home.admitted(own);
      return own;
    } catch (IllegalArgumentException e) {
      throw new NodeException(NodeException.Kind.USAGE, String.valueOf(e.getMessage()), e);
    }
  }

  /** Before anything is made: a key without a mesh would be in the way. */
  private static void checkNames(String mesh, String node) throws NodeException {
    if (mesh.isBlank()) {
      throw new NodeException(
          NodeException.Kind.USAGE, "A mesh needs a name: godwit mesh create NAME --hub ADDRESS.");
    }
    checkName(mesh, "a mesh");
    checkName(node, "a node");
  }

  private static void checkName(String name, String whose) throws NodeException {
    try {
      Label.require(name);
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "'" + name + "' cannot be the name of " + whose + ". " + e.getMessage(),
          e);
    }
  }

  private static void online(HubClient client, HubAddress hub, Wait.Listener waits)
      throws IOException {
    try {
      HubArrival.awaitBriefly(client, hub.hostAndPort(), HUB, waits);
    } catch (HubException e) {
      throw Node.noHub("The hub " + hub.hostAndPort(), e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    }
  }

  /**
   * Issues a ticket, on the node that made the mesh.
   *
   * @param name what the new member will be called
   * @param grants what it may do
   * @param valid how long the ticket works
   * @throws NodeException when this node did not make the mesh, or the name is not allowed or taken
   */
  public static Ticket invite(NodeHome home, String name, List<Grant> grants, Duration valid)
      throws IOException {
    MeshInfo mesh = home.mesh();
    SecureRandom random = new SecureRandom();
    Instant now = InstantSource.system().instant();
    checkName(name, "a node");
    new MemberNames(home).checkFree(name, now);
    try {
      return home.tickets()
          .issue(
              new Invitation(
                  mesh.id(),
                  mesh.name(),
                  home.identity().id(),
                  mesh.hubs(),
                  mesh.fingerprint(),
                  name,
                  grants,
                  now.plus(valid)),
              random);
    } catch (IllegalArgumentException e) {
      throw new NodeException(NodeException.Kind.USAGE, String.valueOf(e.getMessage()), e);
    }
  }

  /** As the other one, with nobody who wants to know what is waited for. */
  public static Membership join(NodeHome home, String text) throws IOException {
    return join(home, text, Wait.Listener.NONE);
  }

  /**
   * Joins the mesh of a ticket.
   *
   * @param waits told what is waited for
   * @throws NodeException when the ticket is malformed, wrong, used or expired, when the inviting
   *     node is not there, or when its hub cannot be reached
   */
  public static Membership join(NodeHome home, String text, Wait.Listener waits)
      throws IOException {
    SecureRandom random = new SecureRandom();
    InstantSource clock = InstantSource.system();
    Ticket ticket;
    try {
      ticket = Ticket.parse(text);
    } catch (InvalidTicketException e) {
      throw new NodeException(
          NodeException.Kind.USAGE, Explanation.ended(String.valueOf(e.getMessage())), e);
    }
    checkNoMember(home, ticket.mesh());
    Identity identity = home.identity();
    HubAddress hub = HubAddress.of(ticket.hubs().getFirst(), ticket.hubFingerprint());
    try (HubClient client =
        HubClient.start(
            hub,
            new Credentials(
                identity, ticket.mesh(), InstanceId.random(random), SealingKey.generate(random)),
            clock,
            random)) {
      online(client, hub, waits);
      checkNotExpired(ticket, clock, client.clockAhead());
      try (Signaling signaling =
          new Signaling(client, (from, instance, request) -> Optional.empty(), clock, random)) {
        Membership membership = ask(signaling, ticket);
        new MembershipVerifier(ticket.mesh(), clock)
            .verify(membership, identity.id(), Revocations.none(ticket.mesh()));
        home.enter(
            new MeshInfo(ticket.mesh(), ticket.meshName(), ticket.hubs(), ticket.hubFingerprint()),
            membership);
        return membership;
      }
    } catch (MembershipException e) {
      throw new NodeException(
          NodeException.Kind.FAILED,
          "The inviting node sent a certificate that is not good: " + e.getMessage(),
          e);
    }
  }

  /** Only here, since the hub knows whether it is the clock that is wrong. */
  private static void checkNotExpired(
      Ticket ticket, InstantSource clock, Optional<Duration> clockAhead) throws NodeException {
    if (ticket.expiry().isAfter(clock.instant())) {
      return;
    }
    throw new NodeException(
        NodeException.Kind.NOT_ALLOWED,
        Clocks.complaint(clockAhead)
            .map(complaint -> "The ticket has expired by the clock of this machine. " + complaint)
            .orElse("The ticket has expired. Ask for a new one ('godwit mesh invite')."));
  }

  /** A second membership would take the place of the first one, and of the key of its mesh. */
  private static void checkNoMember(NodeHome home, MeshId mesh) throws IOException {
    if (!home.isMember()) {
      return;
    }
    throw new NodeException(
        NodeException.Kind.NOT_ALLOWED,
        home.mesh().id().equals(mesh)
            ? "This node is in mesh "
                + home.mesh().name()
                + " already, as "
                + home.membership().name()
                + ". Unless the ticket was used, it is still good for another machine."
            : "This node is in mesh "
                + home.mesh().name()
                + ". A node is in one mesh at a time: use another --home for a second one.");
  }

  private static Membership ask(Signaling signaling, Ticket ticket)
      throws IOException, MembershipException {
    Signal request =
        Signal.newBuilder()
            .setJoinRequest(
                JoinRequest.newBuilder()
                    .setTicketId(ByteString.copyFrom(ticket.id().bytes()))
                    .setSecret(ByteString.copyFrom(ticket.secret().bytes())))
            .build();
    JoinReply reply;
    try {
      reply =
          signaling
              .ask(ticket.inviter(), Optional.empty(), request, ANSWER)
              .get(ANSWER.toMillis() * 2, TimeUnit.MILLISECONDS)
              .getJoinReply();
    } catch (ExecutionException | TimeoutException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new NodeException(
          NodeException.Kind.UNREACHABLE,
          "The node that invited us does not answer: "
              + cause.getMessage()
              + " 'godwit mesh invite' or another command must be running there.",
          e);
    } catch (InterruptedException e) {
      throw Interruption.passedOn("interrupted", e);
    }
    if (reply.hasRefusal()) {
      throw new NodeException(
          NodeException.Kind.NOT_ALLOWED,
          "The ticket was refused: "
              + Printable.text(reply.getRefusal().getReason())
              + ". Ask for a new one.");
    }
    return Membership.parse(reply.getMembership().toByteArray());
  }
}
