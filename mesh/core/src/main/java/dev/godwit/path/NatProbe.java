package dev.godwit.path;

import dev.godwit.path.NatBehaviour.Filtering;
import dev.godwit.path.NatBehaviour.Hairpin;
import dev.godwit.path.NatBehaviour.Mapping;
import dev.godwit.stun.StunAttribute.Change;
import dev.godwit.stun.StunAttribute.ChangeRequest;
import dev.godwit.stun.StunClass;
import dev.godwit.stun.StunMessage;
import dev.godwit.stun.TransactionId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out what kind of NAT a socket is behind (RFC 5780, section 4), by asking a STUN server at
 * two ports. A server that tells a second address of its own (OTHER-ADDRESS) is asked there too.
 *
 * <p>The socket must be a fresh one: each datagram that it has sent to one of the servers before
 * has opened the filter for that server. {@link StunSocket} makes one.
 */
public final class NatProbe {
  private static final Logger LOG = LoggerFactory.getLogger(NatProbe.class);

  private final StunAgent agent;
  private final Set<InetSocketAddress> own;
  private final SecureRandom random;
  private final Duration patience;

  /**
   * A probe of one socket.
   *
   * @param own the addresses of the machine, with the socket's port
   * @param patience how long each of the three or four questions may take; most NATs leave at least
   *     one of them without an answer
   */
  public NatProbe(
      StunAgent agent, Set<InetSocketAddress> own, SecureRandom random, Duration patience) {
    this.agent = agent;
    this.own = Set.copyOf(own);
    this.random = random;
    this.patience = patience;
  }

  /**
   * Probes over a socket of its own, which is closed then. Blocks for up to four times {@code
   * patience}.
   *
   * @throws IOException when there cannot be a socket, or the thread is interrupted
   */
  public static NatBehaviour probe(
      List<InetSocketAddress> servers, SecureRandom random, Duration patience) throws IOException {
    try (StunSocket socket = StunSocket.open(random)) {
      return new NatProbe(socket.agent(), socket.addresses(), random, patience).probe(servers);
    }
  }

  /**
   * Asks. Blocks for up to four times the patience.
   *
   * @param servers at best two ports of the same server, of which only the first is asked before
   *     the filter is known
   * @throws IOException when the thread is interrupted
   */
  public NatBehaviour probe(List<InetSocketAddress> servers) throws IOException {
    List<InetSocketAddress> unasked = new ArrayList<>(servers);
    while (!unasked.isEmpty()) {
      InetSocketAddress server = unasked.removeFirst();
      Optional<StunMessage> answer = ask(server);
      Optional<InetSocketAddress> outside = answer.flatMap(StunMessage::mappedAddress);
      if (answer.isPresent() && outside.isPresent()) {
        Optional<InetSocketAddress> other =
            answer
                .get()
                .otherAddress()
                .filter(address -> !address.getAddress().equals(server.getAddress()));
        // The filter first: every question to another port would open it.
        Filtering filtering = filtering(server, other.isPresent() ? Change.OTHER : Change.KEEP);
        other.ifPresent(unasked::add);
        Mapping mapping = mapping(outside.get(), unasked);
        return new NatBehaviour(mapping, filtering, hairpin(mapping, outside.get()), outside);
      }
      LOG.debug("{} does not answer STUN", server);
    }
    return NatBehaviour.UDP_BLOCKED;
  }

  private Optional<StunMessage> ask(InetSocketAddress server) throws IOException {
    return agent.ask(
        StunMessage.bindingRequest(TransactionId.random(random)),
        server,
        (message, from) -> message.kind() == StunClass.SUCCESS && server.equals(from),
        patience);
  }

  private Filtering filtering(InetSocketAddress server, Change address) throws IOException {
    Optional<StunMessage> answer =
        agent.ask(
            StunMessage.bindingRequest(
                TransactionId.random(random), new ChangeRequest(address, Change.OTHER)),
            server,
            (message, from) ->
                message.kind() == StunClass.ERROR
                    ? server.equals(from)
                    : from.getPort() != server.getPort()
                        && (address == Change.OTHER)
                            != from.getAddress().equals(server.getAddress()),
            patience);
    if (answer.isEmpty()) {
      return Filtering.ADDRESS_AND_PORT_DEPENDENT;
    }
    return answer.get().kind() == StunClass.ERROR
        ? Filtering.UNKNOWN
        : Filtering.ENDPOINT_INDEPENDENT;
  }

  private Mapping mapping(InetSocketAddress outside, List<InetSocketAddress> others)
      throws IOException {
    if (own.contains(outside)) {
      return Mapping.NONE;
    }
    Mapping mapping = Mapping.UNKNOWN;
    for (InetSocketAddress other : others) {
      Optional<InetSocketAddress> seen = ask(other).flatMap(StunMessage::mappedAddress);
      if (seen.isPresent()) {
        if (!seen.get().equals(outside)) {
          return Mapping.ADDRESS_AND_PORT_DEPENDENT;
        }
        mapping = Mapping.ENDPOINT_INDEPENDENT;
      }
    }
    return mapping;
  }

  /** The socket asks itself by way of the NAT, which also opens the filter for the question. */
  private Hairpin hairpin(Mapping mapping, InetSocketAddress outside) throws IOException {
    if (mapping != Mapping.ENDPOINT_INDEPENDENT) {
      return Hairpin.UNKNOWN;
    }
    Optional<StunMessage> answer =
        agent.ask(
            StunMessage.bindingRequest(TransactionId.random(random)),
            outside,
            (message, from) -> message.kind() == StunClass.SUCCESS,
            patience);
    return answer.isPresent() ? Hairpin.WORKS : Hairpin.MISSING;
  }
}
