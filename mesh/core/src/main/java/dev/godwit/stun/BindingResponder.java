package dev.godwit.stun;

import dev.godwit.stun.StunAttribute.ErrorCode;
import dev.godwit.stun.StunAttribute.UnknownAttributes;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Answers binding requests (RFC 8489, section 6.3.1) without any I/O. Answers are hardly larger
 * than requests, so that a forged source address is worth little to a flooder.
 */
public final class BindingResponder {

  private BindingResponder() {}

  /**
   * What to send back.
   *
   * @param datagram what arrived; its position does not move
   * @param from from where
   * @return empty for everything that is not a correct binding request
   */
  public static Optional<StunMessage> answer(ByteBuffer datagram, InetSocketAddress from) {
    try {
      return answer(StunMessage.decode(datagram), from);
    } catch (MalformedStunException e) {
      // RFC 8489, 6.3: what is malformed is dropped silently.
      return Optional.empty();
    }
  }

  /**
   * What to send back.
   *
   * @param from from where {@code request} came
   * @return empty for everything that is not a binding request
   */
  public static Optional<StunMessage> answer(StunMessage request, InetSocketAddress from) {
    return answer(request, from, Set.of());
  }

  /**
   * What to send back.
   *
   * @param understood the types of further attributes that the caller cares for
   */
  static Optional<StunMessage> answer(
      StunMessage request, InetSocketAddress from, Set<Integer> understood) {
    if (request.kind() != StunClass.REQUEST || request.method() != StunMessage.BINDING) {
      return Optional.empty();
    }
    List<Integer> unknown = request.unknownRequired(understood);
    if (!unknown.isEmpty()) {
      return Optional.of(
          request.error(
              new ErrorCode(StunMessage.UNKNOWN_ATTRIBUTE, "Unknown Attribute"),
              new UnknownAttributes(unknown)));
    }
    return Optional.of(request.success(from));
  }
}
