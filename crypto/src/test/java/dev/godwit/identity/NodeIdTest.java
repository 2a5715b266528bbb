package dev.godwit.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.Mutations;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.security.interfaces.EdECPublicKey;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class NodeIdTest {

  private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

  private static final String VECTOR =
      "25NJQAM-CWEFLPM-VKL73J4-SZAHHIT-HOC4XT3-KTCGJNJ-PAINGR5-YHKENAI";

  private final NodeId id = Identity.generate(new SecureRandom()).id();

  @Test
  void isPrintedAsEightGroupsOfSeven() {
    assertTrue(id.toString().matches("([A-Z2-7]{7}-){7}[A-Z2-7]{7}"), id.toString());
  }

  @Test
  void isPrintedTheSameWayForever() {
    byte[] key =
        HexFormat.of().parseHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assertEquals(VECTOR, NodeId.of(key).toString());
  }

  @Test
  void isReadAsPrinted() {
    assertEquals(id, NodeId.parse(id.toString()));
  }

  @Test
  void isReadWhateverCaseSpacesAndDashesAre() {
    String plain = id.toString().replace("-", "");
    assertEquals(id, NodeId.parse(plain));
    assertEquals(id, NodeId.parse("  " + id.toString().toLowerCase(Locale.ROOT) + "\n"));
    assertEquals(id, NodeId.parse(id.toString().replace('-', ' ')));
    assertEquals(id, NodeId.parse(id.toString().replace('-', '\u2013')));
    assertEquals(id, NodeId.parse(plain.replaceAll("(.)", "$1-")));
  }

  @Test
  void isReadWithDigitsThatLookLikeLetters() {
    for (int i = 0; i < 50; i++) {
      NodeId any = Identity.generate(new SecureRandom()).id();
      String misread = any.toString().replace('O', '0').replace('I', '1').replace('B', '8');
      assertEquals(any, NodeId.parse(misread));
    }
  }

  @Test
  void everyWrongCharacterIsNoticedAndItsGroupsAreNamed() {
    String text = id.toString();
    for (int at = 0; at < text.length(); at++) {
      if (text.charAt(at) == '-') {
        continue;
      }
      int firstGroup = at / 16 * 2 + 1;
      for (int i = 0; i < ALPHABET.length(); i++) {
        char wrong = ALPHABET.charAt(i);
        if (wrong == text.charAt(at)) {
          continue;
        }
        String typo = text.substring(0, at) + wrong + text.substring(at + 1);
        InvalidNodeIdException e =
            assertThrows(InvalidNodeIdException.class, () -> NodeId.parse(typo), typo);
        String message = String.valueOf(e.getMessage());
        assertTrue(message.contains("groups " + firstGroup + " and " + (firstGroup + 1)), message);
      }
    }
  }

  @Test
  void aMissingCharacterIsRefused() {
    String text = id.toString();
    assertThrows(InvalidNodeIdException.class, () -> NodeId.parse(text.substring(1)));
    assertThrows(InvalidNodeIdException.class, () -> NodeId.parse(text + "A"));
    assertThrows(InvalidNodeIdException.class, () -> NodeId.parse(""));
  }

  @Test
  void aForeignCharacterIsRefused() {
    String text = id.toString();
    for (String foreign : List.of("9", "\u00e4", "\u0130", "=", "\0")) {
      assertThrows(
          InvalidNodeIdException.class, () -> NodeId.parse(foreign + text.substring(1)), foreign);
    }
  }

  @Test
  void onlyThirtyTwoBytesAreANodeId() {
    assertThrows(InvalidNodeIdException.class, () -> NodeId.of(new byte[31]));
    assertThrows(InvalidNodeIdException.class, () -> NodeId.of(new byte[33]));
  }

  @Test
  void equalsByValueAndDoesNotShareItsBytes() {
    byte[] raw = id.bytes();
    NodeId same = NodeId.of(raw);
    raw[0]++;
    assertEquals(id, same);
    assertEquals(id.hashCode(), same.hashCode());
    assertEquals(0, id.compareTo(same));
    assertNotEquals(id, NodeId.of(raw));
  }

  @Test
  void isOrderedByUnsignedBytes() {
    byte[] high = new byte[32];
    high[0] = (byte) 0x80;
    assertTrue(NodeId.of(new byte[32]).compareTo(NodeId.of(high)) < 0);
  }

  @Test
  void givesTheKeyItNames() {
    assertTrue(id.publicKey() instanceof EdECPublicKey);
  }

  @Test
  void bytesThatAreNoPublicKeyGiveNone() {
    byte[] one = new byte[32];
    one[0] = 1;
    assertThrows(InvalidNodeIdException.class, () -> NodeId.of(one).publicKey());
    assertFalse(Identity.verify(NodeId.of(one), "test", new byte[0], new byte[64]));
  }

  @Test
  void theShortFormIsTheFirstGroup() {
    assertEquals(id.toString().substring(0, 7), id.shortForm());
  }

  @Test
  void noTextMakesTheParserThrowAnythingElse() {
    Mutations.check(
        id.toString().getBytes(StandardCharsets.ISO_8859_1),
        InvalidNodeIdException.class,
        input -> NodeId.parse(new String(input, StandardCharsets.ISO_8859_1)));
  }
}
