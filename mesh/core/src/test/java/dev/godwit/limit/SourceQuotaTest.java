package dev.godwit.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

class SourceQuotaTest {
  private static Source source(String address) {
    try {
      return Source.of(InetAddress.getByName(address));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(address, e);
    }
  }

  @Test
  void aHouseIsOneSource() {
    assertEquals(source("192.0.2.1"), source("192.0.2.1"));
    assertNotEquals(source("192.0.2.1"), source("192.0.2.2"));
    assertEquals(source("2001:db8:0:1::1"), source("2001:db8:0:1:ffff::2"));
    assertNotEquals(source("2001:db8:0:1::1"), source("2001:db8:0:2::1"));
    assertEquals(source("192.0.2.1"), source("::ffff:192.0.2.1"));
  }

  @Test
  void oneSourceLeavesRoomForOthers() {
    SourceQuota quota = new SourceQuota(2, 3);
    Source here = source("192.0.2.1");
    Source there = source("192.0.2.2");
    assertTrue(quota.enter(here));
    assertTrue(quota.enter(here));
    assertFalse(quota.enter(here));
    assertFalse(quota.hasRoom(here));
    assertTrue(quota.enter(there));
    assertFalse(quota.hasRoom(there));
    assertEquals(3, quota.inAll());
    quota.leave(here);
    assertTrue(quota.enter(there));
    assertFalse(quota.enter(here));
  }
}
