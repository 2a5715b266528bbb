package dev.godwit.stun;

import dev.godwit.stun.StunAttribute.Change;
import dev.godwit.stun.StunAttribute.ChangeRequest;
import dev.godwit.stun.StunAttribute.ErrorCode;
import dev.godwit.stun.StunAttribute.ResponseOrigin;
import dev.godwit.stun.StunAttribute.UnknownAttributes;
import dev.godwit.stun.StunAttribute.XorMappedAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Answers binding requests without any I/O as a server on two ports of one address: RFC 8489, with
 * a change of the port (RFC 5780, section 6.1), and clients of RFC 3489.
 *
 * <p>OTHER-ADDRESS is never sent, because there is no second address: clients would take the
 * mapping towards the same endpoint for that towards another one. RESPONSE-ORIGIN is sent only to
 * who asks for a change, so that no answer is larger than its request by more than an address.
 */
public final class DiscoveryResponder {

  private DiscoveryResponder() {}

  /** From where an answer goes. */
  public enum Source {
    /** From the port that was asked. */
    ASKED_PORT,
    /** From the server's other port. */
    OTHER_PORT
  }

  /**
   * What to send back.
   *
   * @param datagram the whole datagram
   */
  @SuppressWarnings("ArrayRecordComponent") // It is made to be sent, never to be compared.
  public record Answer(byte[] datagram, Source source) {}

  /**
   * The server's two ports.
   *
   * @param asked the one where the request has arrived, with an address if that is known
   * @param other the other one, if there is one
   */
  public record Ports(InetSocketAddress asked, Optional<InetSocketAddress> other) {}

  /**
   * What to send back.
   *
   * @param datagram what arrived; its position does not move
   * @param from from where
   * @return empty for everything that is not a correct binding request
   */
  public static Optional<Answer> answer(ByteBuffer datagram, InetSocketAddress from, Ports ports) {
    if (!StunMessage.isStun(datagram)) {
      return ClassicBinding.read(datagram).flatMap(request -> classic(request, from, ports));
    }
    try {
      StunMessage request = StunMessage.decode(datagram);
      ChangeRequest change = request.changeRequest();
      if (change.equals(ChangeRequest.NOTHING)) {
        return BindingResponder.answer(request, from, Set.of(ChangeRequest.TYPE))
            .map(answer -> new Answer(answer.encode(), Source.ASKED_PORT));
      }
      return changed(request, change, from, ports);
    } catch (MalformedStunException e) {
      // RFC 8489, 6.3: what is malformed is dropped silently.
      return Optional.empty();
    }
  }

  private static Optional<Answer> changed(
      StunMessage request, ChangeRequest change, InetSocketAddress from, Ports ports) {
    Optional<StunMessage> plain =
        BindingResponder.answer(request, from, Set.of(ChangeRequest.TYPE));
    if (plain.isEmpty() || plain.get().kind() != StunClass.SUCCESS) {
      return plain.map(answer -> new Answer(answer.encode(), Source.ASKED_PORT));
    }
    if (change.address() == Change.OTHER || ports.other().isEmpty()) {
      StunMessage refusal =
          request.error(
              new ErrorCode(StunMessage.UNKNOWN_ATTRIBUTE, "Unknown Attribute"),
              new UnknownAttributes(List.of(ChangeRequest.TYPE)));
      return Optional.of(new Answer(refusal.encode(), Source.ASKED_PORT));
    }
    InetSocketAddress origin = ports.other().get();
    List<StunAttribute> attributes =
        origin.getAddress().isAnyLocalAddress()
            ? List.of(new XorMappedAddress(from))
            : List.of(new XorMappedAddress(from), new ResponseOrigin(origin));
    StunMessage answer =
        new StunMessage(
            StunClass.SUCCESS,
            request.method(),
            request.transaction(),
            attributes,
            request.fingerprint());
    return Optional.of(new Answer(answer.encode(), Source.OTHER_PORT));
  }

  private static Optional<Answer> classic(
      ClassicBinding request, InetSocketAddress from, Ports ports) {
    boolean elsewhere = request.change().port() == Change.OTHER;
    if (request.change().address() == Change.OTHER || (elsewhere && ports.other().isEmpty())) {
      // It has no word for "I cannot"; clients take silence for it.
      return Optional.empty();
    }
    return request
        .answer(from)
        .map(answer -> new Answer(answer, elsewhere ? Source.OTHER_PORT : Source.ASKED_PORT));
  }
}
