package dev.godwit.der;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.Mutations;
import dev.godwit.identity.Octets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class DerReaderTest {

  private static final int MAX = 1024 * 1024;

  private final byte[] sample =
      new DerWriter()
          .integer(7)
          .octets(new byte[] {1, 2})
          .text("caf\u00e9")
          .instant(Instant.ofEpochMilli(1234))
          .sequence(new DerWriter().integer(1))
          .encoded();

  @Test
  void readsWhatTheWriterWrote() throws MalformedDerException {
    DerReader in = DerReader.of(sample, MAX);
    assertEquals(7, in.integer(7, 7));
    assertEquals(Octets.of((byte) 1, (byte) 2), in.octets(2));
    assertEquals("caf\u00e9", in.text(4));
    assertEquals(Instant.ofEpochMilli(1234), in.instant());
    DerReader nested = in.sequence(1);
    assertEquals(1, nested.integer(0, 1));
    nested.end();
    assertFalse(in.hasMore());
    in.end();
  }

  @Test
  void writesPlainDer() {
    assertArrayEquals(
        HexFormat.of().parseHex("3006020107040162"),
        new DerWriter().integer(7).octets(new byte[] {0x62}).encoded());
  }

  @Test
  void everyLimitHolds() throws MalformedDerException {
    assertThrows(MalformedDerException.class, () -> DerReader.of(sample, sample.length - 1));
    DerReader in = DerReader.of(sample, MAX);
    assertThrows(MalformedDerException.class, () -> in.integer(8, 9));
    DerReader octets = DerReader.of(sample, MAX);
    octets.integer(0, 9);
    assertThrows(MalformedDerException.class, () -> octets.octets(3));
    DerReader text = DerReader.of(sample, MAX);
    text.integer(0, 9);
    text.octets(2);
    assertThrows(MalformedDerException.class, () -> text.text(3));
  }

  @Test
  void anotherTypeThanExpectedIsRefused() throws MalformedDerException {
    DerReader in = DerReader.of(sample, MAX);
    assertThrows(MalformedDerException.class, () -> in.octets(1));
    assertThrows(MalformedDerException.class, () -> in.text(1));
    assertThrows(MalformedDerException.class, () -> in.sequence(1));
    assertThrows(MalformedDerException.class, in::end);
  }

  @Test
  void otherEncodingsOfTheSameAreRefused() {
    for (String hex :
        List.of(
            "30800201070000", // of indefinite length
            "308103020107", // with a length longer than necessary
            "300402020007", // with an integer longer than necessary
            "300302010700", // with something behind
            "3003020107ff",
            "3007240504010104", // with an octet string in parts
            "020107",
            "30",
            "")) {
      byte[] encoded = HexFormat.of().parseHex(hex);
      assertThrows(MalformedDerException.class, () -> DerReader.of(encoded, MAX), hex);
    }
  }

  @Test
  void deepNestingIsRefused() {
    byte[] indefinite = new byte[MAX];
    for (int i = 0; i < MAX; i += 2) {
      indefinite[i] = 0x30;
      indefinite[i + 1] = (byte) 0x80;
    }
    assertThrows(MalformedDerException.class, () -> DerReader.of(indefinite, MAX));
    byte[] definite = {0x30, 0};
    for (int i = 0; i < 2_000; i++) {
      definite = wrapped(definite);
    }
    byte[] nested = definite;
    assertThrows(MalformedDerException.class, () -> DerReader.of(nested, MAX));
  }

  @Test
  void noDamageMakesItThrowAnythingElse() {
    Mutations.check(
        sample,
        MalformedDerException.class,
        input -> {
          DerReader in = DerReader.of(input, MAX);
          in.integer(0, 9);
          in.octets(0, 9);
          in.text(9);
          in.instant();
          in.sequence(1).integer(0, 9);
          in.end();
        });
  }

  private static byte[] wrapped(byte[] content) {
    byte[] header = {0x30, (byte) 0x83, 0, (byte) (content.length >> 8), (byte) content.length};
    if (content.length < 128) {
      header = new byte[] {0x30, (byte) content.length};
    } else if (content.length < 256) {
      header = new byte[] {0x30, (byte) 0x81, (byte) content.length};
    } else if (content.length < 65536) {
      header = new byte[] {0x30, (byte) 0x82, (byte) (content.length >> 8), (byte) content.length};
    }
    byte[] all = Arrays.copyOf(header, header.length + content.length);
    System.arraycopy(content, 0, all, header.length, content.length);
    return all;
  }
}
