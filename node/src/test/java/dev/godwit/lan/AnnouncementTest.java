package dev.godwit.lan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.lan.LanAddress.Property;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.MeshKey;
import dev.godwit.seal.InstanceId;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.security.SecureRandom;
import java.time.LocalDate;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AnnouncementTest {
  private static final LocalDate DAY = LocalDate.of(2026, 3, 1);
  private static final int ROUNDS = 20_000;

  private final SecureRandom random = new SecureRandom();
  private final MeshId mesh = MeshKey.generate(random).id();
  private final InstanceId instance = InstanceId.random(random);
  private final MeshTag tag = MeshTag.of(mesh, instance, DAY);

  private static Optional<Announcement> parse(String name, int port, Map<String, String> text) {
    return Announcement.parse(name, port, text::get);
  }

  @Test
  void whatIsSaidIsUnderstood() {
    for (OptionalInt tls : new OptionalInt[] {OptionalInt.empty(), OptionalInt.of(443)}) {
      Announcement said = new Announcement(instance, tag, 4433, tls);
      assertEquals(Optional.of(said), parse(said.name(), 4433, said.text()));
    }
  }

  @Test
  void membersRecognizeTheTagForADayMoreOrLess() {
    assertTrue(tag.fits(mesh, instance, DAY));
    assertTrue(tag.fits(mesh, instance, DAY.plusDays(1)));
    assertTrue(tag.fits(mesh, instance, DAY.minusDays(1)));
    assertFalse(tag.fits(mesh, instance, DAY.plusDays(2)));
    assertFalse(tag.fits(mesh, instance, DAY.minusDays(2)));
  }

  @Test
  void theTagFitsNoOtherMeshAndNoOtherInstance() {
    assertFalse(tag.fits(MeshKey.generate(random).id(), instance, DAY));
    assertFalse(tag.fits(mesh, InstanceId.random(random), DAY));
    assertNotEquals(tag, MeshTag.of(mesh, InstanceId.random(random), DAY));
  }

  @Test
  void anAnnouncementDoesNotNameTheMesh() {
    Announcement said = new Announcement(instance, tag, 4433, OptionalInt.empty());
    String all = said.name() + said.text();
    assertFalse(all.contains(mesh.key().toHex()));
    assertFalse(all.contains(mesh.toString()));
  }

  @Test
  void nonsenseIsNoAnnouncement() {
    Announcement said = new Announcement(instance, tag, 4433, OptionalInt.of(443));
    assertEquals(Optional.empty(), parse("printer", 4433, said.text()));
    assertEquals(Optional.empty(), parse(said.name(), 0, said.text()));
    assertEquals(Optional.empty(), parse(said.name(), 70_000, said.text()));
    assertEquals(Optional.empty(), parse(said.name(), 4433, Map.of()));
    for (Map<String, String> change :
        Map.of(
                "v", Map.of("v", "2"),
                "short", Map.of("tag", "00"),
                "odd", Map.of("tag", "xyz"),
                "zero", Map.of("tls", "0"),
                "sign", Map.of("tls", "-1"),
                "large", Map.of("tls", "99999"),
                "long", Map.of("tls", "1".repeat(1000)))
            .values()) {
      Map<String, String> text = new HashMap<>(said.text());
      text.putAll(change);
      assertEquals(Optional.empty(), parse(said.name(), 4433, text), change::toString);
    }
  }

  @Test
  void noGarbageBreaksTheParser() {
    long seed = System.nanoTime();
    Random noise = new Random(seed);
    for (int i = 0; i < ROUNDS; i++) {
      Map<String, String> text = new HashMap<>();
      for (String key : Set.of("v", "tag", "tls")) {
        if (noise.nextInt(4) > 0) {
          text.put(key, noise.nextBoolean() ? "1" : garbage(noise));
        }
      }
      Optional<Announcement> read = parse(garbage(noise), noise.nextInt(1 << 17), text);
      assertEquals(Optional.empty(), read, () -> "seed " + seed);
    }
  }

  private static String garbage(Random noise) {
    StringBuilder text = new StringBuilder();
    for (int length = noise.nextInt(40); length > 0; length--) {
      text.append((char) noise.nextInt(0x250));
    }
    return text.toString();
  }

  @Test
  void onlyLansAreAnnouncedOn() {
    assertTrue(LanAddress.isLan(EnumSet.of(Property.UP, Property.MULTICAST)));
    assertFalse(LanAddress.isLan(EnumSet.of(Property.MULTICAST)));
    assertFalse(LanAddress.isLan(EnumSet.of(Property.UP)));
    assertFalse(LanAddress.isLan(EnumSet.of(Property.UP, Property.MULTICAST, Property.LOOPBACK)));
    assertFalse(
        LanAddress.isLan(EnumSet.of(Property.UP, Property.MULTICAST, Property.POINT_TO_POINT)));
  }

  @Test
  void theLoopbackInterfaceIsNoLan() throws Exception {
    assertTrue(LanAddress.all().stream().noneMatch(lan -> lan.own().isLoopbackAddress()));
  }

  @Test
  void onlyAddressesOfTheSameLanAreNear() {
    LanAddress lan = new LanAddress((Inet4Address) InetAddress.ofLiteral("192.168.7.130"), 25);
    assertTrue(lan.reaches(InetAddress.ofLiteral("192.168.7.129")));
    for (String far : Set.of("192.168.7.1", "8.8.8.8", "127.0.0.1", "224.0.0.251", "fe80::1")) {
      assertFalse(lan.reaches(InetAddress.ofLiteral(far)), far);
    }
    LanAddress unknown = new LanAddress(lan.own(), 0);
    assertFalse(unknown.reaches(InetAddress.ofLiteral("192.168.7.129")));
  }
}
