package dev.godwit.signaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.identity.HubFingerprint;
import java.util.List;
import org.junit.jupiter.api.Test;

class HubAddressTest {

  private static final HubFingerprint FINGERPRINT =
      HubFingerprint.parse("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");

  @Test
  void whatIsPrintedCanBeRead() {
    for (String host : List.of("hub.example.org", "192.0.2.7", "2001:db8::1", "::1")) {
      HubAddress address = new HubAddress(host, 4433, FINGERPRINT);
      assertEquals(address, HubAddress.parse(address.toString()));
    }
  }

  @Test
  void anIpv6AddressIsInBrackets() {
    assertEquals(
        "[2001:db8::1]:4433", new HubAddress("2001:db8::1", 4433, FINGERPRINT).hostAndPort());
  }

  @Test
  void aNumberSignMayStandForTheSlash() {
    assertEquals(
        new HubAddress("hub", 1, FINGERPRINT), HubAddress.parse(" hub:1#" + FINGERPRINT + "\n"));
  }

  @Test
  void whatATicketHasCanBeTaken() {
    assertEquals(
        new HubAddress("::1", 4433, FINGERPRINT), HubAddress.of("[::1]:4433", FINGERPRINT));
  }

  private static String refusal(String text) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> HubAddress.parse(text)).getMessage());
  }

  @Test
  void anIpv6AddressWithoutBracketsIsSaidToNeedThem() {
    assertEquals("An IPv6 address needs brackets: [::1]:7007.", refusal("::1:4433/" + FINGERPRINT));
  }

  @Test
  void aWebAddressIsSaidToBeNoHubInsteadOfABadFingerprint() {
    String said = refusal("https://hub:4433/" + FINGERPRINT);
    assertEquals(said, refusal("https://hub.example.org"));
    assertEquals("A hub is named HOST:PORT/FINGERPRINT; the hub prints it when it starts.", said);
  }

  @Test
  void everythingElseIsRefused() {
    for (String text :
        List.of(
            "",
            "hub:4433",
            "hub/" + FINGERPRINT,
            "hub:0/" + FINGERPRINT,
            "hub:65536/" + FINGERPRINT,
            "hub:99999999999/" + FINGERPRINT,
            "::1:4433/" + FINGERPRINT,
            "hub name:4433/" + FINGERPRINT,
            "hub@evil:4433/" + FINGERPRINT,
            "hub:4433/0011",
            "hub:4433//" + FINGERPRINT)) {
      assertThrows(IllegalArgumentException.class, () -> HubAddress.parse(text), text);
    }
  }
}
