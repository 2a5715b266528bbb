package dev.godwit.portmap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DefaultGatewayTest {
  private static final String HEAD =
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";
  private static final String LAN =
      "net0\t0007A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0      ";

  private static String route(String gateway, String flags, int metric) {
    return "net0\t00000000\t"
        + gateway
        + "\t"
        + flags
        + "\t0\t0\t"
        + metric
        + "\t00000000\t0\t0\t0   ";
  }

  @Test
  void theDefaultRouteNamesTheRouter() {
    assertEquals(
        Optional.of(InetAddress.ofLiteral("192.168.7.1")),
        DefaultGateway.parse(List.of(HEAD, LAN, route("0107A8C0", "0003", 0))));
  }

  @Test
  void theLowestMetricWins() {
    assertEquals(
        Optional.of(InetAddress.ofLiteral("192.168.7.1")),
        DefaultGateway.parse(
            List.of(
                HEAD,
                route("0100000A", "0003", 600),
                route("0107A8C0", "0003", 100),
                route("0200000A", "0003", 1000))));
  }

  @Test
  void withoutAUsableDefaultRouteThereIsNone() {
    assertEquals(Optional.empty(), DefaultGateway.parse(List.of()));
    assertEquals(Optional.empty(), DefaultGateway.parse(List.of(HEAD, LAN)));
    assertEquals(
        Optional.empty(), DefaultGateway.parse(List.of(HEAD, route("00000000", "0001", 0))));
    assertEquals(
        Optional.empty(), DefaultGateway.parse(List.of(HEAD, "net0\t00000000\tx", "", "garbage")));
  }

  @Test
  void addressesBehindASecondNatAreOfNoUse() {
    for (String address :
        List.of("10.0.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "169.254.1.1", "0.0.0.0")) {
      assertFalse(PortMapping.isGlobal(InetAddress.ofLiteral(address)), address);
    }
    for (String address : List.of("8.8.8.8", "100.128.0.1", "100.63.0.1", "2001:db8::1")) {
      assertTrue(PortMapping.isGlobal(InetAddress.ofLiteral(address)), address);
    }
  }
}
