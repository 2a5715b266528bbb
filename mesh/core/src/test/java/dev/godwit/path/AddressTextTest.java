package dev.godwit.path;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressTextTest {
  @ParameterizedTest
  @CsvSource({
    "192.0.2.1,               192.0.2.1:80",
    "2001:db8:0:0:0:0:0:1,    [2001:db8::1]:80",
    "0:0:0:0:0:0:0:1,         [::1]:80",
    "0:0:0:0:0:0:0:0,         [::]:80",
    "2001:db8:0:0:1:0:0:0,    [2001:db8:0:0:1::]:80",
    "2001:db8:0:1:2:3:4:5,    [2001:db8:0:1:2:3:4:5]:80",
    "fe80:0:0:0:1:2:3:4,      [fe80::1:2:3:4]:80",
    "2001:db8:0:0:1:0:0:10,   [2001:db8::1:0:0:10]:80",
  })
  void anAddressIsWrittenAsShortAsItCanBe(String address, String text) {
    InetSocketAddress socket = new InetSocketAddress(InetAddress.ofLiteral(address), 80);
    assertEquals(text, AddressText.format(socket));
    assertEquals(socket, AddressText.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":80", "example.org:80", "[::1]", "192.0.2.1:http", "[::1%lo]:80"})
  void whatIsNoLiteralAddressIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> AddressText.parse(text));
  }

  @Test
  void aSocketThatIsBoundToOneAddressIsReachableThere() throws Exception {
    InetSocketAddress bound = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 7);
    assertEquals(List.of("127.0.0.1:7"), AddressText.reachable(bound));
  }
}
