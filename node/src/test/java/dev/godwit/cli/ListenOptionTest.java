package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.node.NodeException;
import dev.godwit.path.AddressText;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListenOptionTest {
  private static InetSocketAddress at(String host, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(host), port);
  }

  @Test
  void aNumberAloneIsAPortAtEveryAddress() throws Exception {
    InetSocketAddress everywhere = new InetSocketAddress(AddressText.everywhere(), 7000);
    assertEquals(everywhere, ListenOption.parse("7000", 1));
    assertEquals(everywhere, ListenOption.parse(":7000", 1));
  }

  @Test
  void anAddressHasAPortOrTheUsualOne() throws Exception {
    assertEquals(at("127.0.0.1", 7000), ListenOption.parse("127.0.0.1:7000", 1));
    assertEquals(at("127.0.0.1", 1), ListenOption.parse("127.0.0.1", 1));
    assertEquals(at("::1", 7000), ListenOption.parse("[::1]:7000", 1));
    assertEquals(at("::1", 1), ListenOption.parse("[::1]", 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"::1", "::1:7000", "2001:db8::1", "fe80::1%eth0:7000", "::"})
  void anIpv6AddressNeedsBrackets(String text) {
    NodeException refused =
        assertThrows(NodeException.class, () -> ListenOption.parse(text, 1), text);
    assertEquals(NodeException.Kind.USAGE, refused.kind());
    assertTrue(
        String.valueOf(refused.getMessage()).contains("an IPv6 address needs brackets"), text);
  }
}
