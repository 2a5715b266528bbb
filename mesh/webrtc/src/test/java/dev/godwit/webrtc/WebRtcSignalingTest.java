package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.identity.Identity;
import dev.godwit.identity.Octets;
import dev.godwit.testing.Patience;
import dev.godwit.webrtc.FingerprintProof.Role;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a transport makes of signals, and of a WebRTC process that does not start. */
@Timeout(60)
class WebRtcSignalingTest {
  /** A process that never says anything, and ends with its standard input. */
  private static final ChildLaunch SILENT = prefix("exec cat");

  private final SecureRandom random = new SecureRandom();
  private final Identity alice = Identity.generate(random);
  private final Identity bob = Identity.generate(random);
  private final LinkedBlockingQueue<byte[]> sent = new LinkedBlockingQueue<>();
  private @Nullable WebRtcTransport opened;

  private static ChildLaunch prefix(String script) {
    return new ChildLaunch(List.of("sh", "-c", script), List.of());
  }

  private WebRtcTransport bobs(ChildLaunch launch) {
    WebRtcTransport made =
        new WebRtcTransport(
            bob,
            "bob",
            (peer, address, message) -> sent.add(message),
            WebRtcSettings.LOCAL.with(launch),
            InstantSource.system(),
            random);
    opened = made;
    return made;
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private byte[] offer(Identity signer) {
    Octets attempt = Octets.random(Signal.CONNECTION, random);
    Octets fingerprint = Octets.random(FingerprintProof.FINGERPRINT, random);
    String sdp =
        "a=fingerprint:sha-256 "
            + HexFormat.ofDelimiter(":").formatHex(fingerprint.toByteArray())
            + "\r\n";
    Octets signature =
        new FingerprintProof(attempt, Role.OFFERER, alice.id(), bob.id()).sign(signer, fingerprint);
    return Signal.encode(
        new Signal.Offer(
            ByteString.copyFrom(attempt.toByteArray()),
            new Signal.Description(sdp, fingerprint, signature)));
  }

  private String refusal() throws Exception {
    byte[] answer = sent.poll(Patience.seconds(40).toSeconds(), TimeUnit.SECONDS);
    assertNotNull(answer);
    return assertInstanceOf(Signal.Refused.class, Signal.parse(answer)).reason();
  }

  @Test
  void anOfferThatItsSenderDidNotSignIsRefused() throws Exception {
    bobs(SILENT).received(alice.id(), "alice", offer(bob));
    assertEquals(
        "the certificate's fingerprint is not signed by " + alice.id().shortForm(), refusal());
  }

  @Test
  void whatMakesNoSenseIsNotAnswered() {
    WebRtcTransport transport = bobs(SILENT);
    transport.received(alice.id(), "alice", new byte[] {1, 2, 3});
    transport.received(alice.id(), "alice", new byte[1 << 20]);
    transport.received(
        alice.id(),
        "alice",
        Signal.encode(new Signal.Refused(ByteString.copyFrom(new byte[16]), "of what?")));
    assertNull(sent.poll());
  }

  @Test
  void nobodyHasMoreThanFourOffersUnderWay() throws Exception {
    WebRtcTransport transport = bobs(SILENT);
    for (int i = 0; i < 5; i++) {
      transport.received(alice.id(), "alice", offer(alice));
    }
    assertEquals("too many offers at once", refusal());
    assertNull(sent.poll());
  }

  @Test
  void aProcessThatDoesNotStartIsTheReasonThatIsTold() {
    WebRtcTransport transport = bobs(prefix("exit 7"));
    IOException failure =
        assertThrows(
            IOException.class,
            () -> transport.dial(alice.id(), List.of("alice"), Duration.ofSeconds(30)));
    assertEquals(
        alice.id().shortForm()
            + " cannot be reached: alice: WebRTC cannot be used: the WebRTC process ended with"
            + " status 7",
        failure.getMessage());
  }

  @Test
  void nobodyCanBeDialledWithoutAnAddress() {
    WebRtcTransport transport = bobs(SILENT);
    assertThrows(
        IOException.class, () -> transport.dial(alice.id(), List.of(), Duration.ofSeconds(1)));
  }

  @Test
  void theProcessEndsWithItsOwner() throws Exception {
    ChildProcess child = ChildProcess.start(ChildLaunch.PLAIN);
    List<ProcessHandle> running =
        ProcessHandle.current()
            .children()
            .filter(
                one ->
                    List.of(one.info().arguments().orElse(new String[0]))
                        .contains("dev.godwit.webrtc.child.Main"))
            .toList();
    assertEquals(1, running.size());
    assertTrue(child.isFresh());
    child.close();
    assertEquals(
        running.getFirst(),
        running.getFirst().onExit().get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));
    assertTrue(!child.isFresh());
  }
}
