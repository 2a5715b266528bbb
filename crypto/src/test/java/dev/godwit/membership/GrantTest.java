package dev.godwit.membership;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GrantTest {

  @Test
  void aPatternWithoutWildcardMatchesItselfOnly() {
    assertMatches("disk", "disk");
    assertDiffers("disk", "disk1");
    assertDiffers("disk", "dis");
    assertDiffers("disk", "");
    assertDiffers("disk", "Disk");
  }

  @Test
  void theWildcardMatchesAnyRun() {
    assertMatches("*", "");
    assertMatches("*", "a/b");
    assertMatches("vm-*", "vm-");
    assertMatches("vm-*", "vm-1/disk");
    assertMatches("*-disk", "vm-1-disk");
    assertMatches("a*b*c", "a-b-b-c");
    assertMatches("**a**", "xax");
    assertDiffers("vm-*", "vm");
    assertDiffers("a*b*c", "a-c-b");
    assertDiffers("*-disk", "vm-disk-1");
  }

  @Test
  void otherPatternCharactersAreLiteral() {
    assertMatches("a.b", "a.b");
    assertDiffers("a.b", "axb");
    assertDiffers("a?", "ab");
    assertDiffers("[ab]", "a");
  }

  @Test
  void aHostilePatternDoesNotTakeForever() {
    assertDiffers("*a".repeat(100), "a".repeat(10_000) + "b");
  }

  @Test
  void onlyTheNamedCapabilitiesAreGranted() {
    Grant grant = new Grant("*", Set.of(Capability.ADMIN));
    assertTrue(grant.allows("x", Capability.ADMIN));
    assertFalse(grant.allows("x", Capability.READ));
    assertFalse(grant.allows("x", Capability.WRITE));
    assertFalse(grant.allows("x", Capability.MIGRATE));
  }

  @Test
  void anEmptyGrantIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Grant("x", Set.of()));
    for (String pattern : List.of("", "a b", "\u00e4", "x".repeat(201))) {
      assertThrows(
          IllegalArgumentException.class, () -> new Grant(pattern, Set.of(Capability.READ)));
    }
  }

  private static void assertMatches(String pattern, String resource) {
    assertTrue(new Grant(pattern, Set.of(Capability.READ)).allows(resource, Capability.READ));
  }

  private static void assertDiffers(String pattern, String resource) {
    assertFalse(new Grant(pattern, Set.of(Capability.READ)).allows(resource, Capability.READ));
  }
}
