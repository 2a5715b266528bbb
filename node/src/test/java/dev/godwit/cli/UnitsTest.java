package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class UnitsTest {
  @ParameterizedTest
  @CsvSource({"0, 0", "17, 17", "64K, 65536", "64k, 65536", "3MiB, 3145728", "2g, 2147483648"})
  void aSizeHasLettersOfEitherKind(String text, long bytes) {
    assertEquals(bytes, Units.parseSize(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "K", "-1", "1.5G", "64 K", "64X"})
  void whatIsNoSizeIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Units.parseSize(text));
  }

  @Test
  void aSizeThatNoNumberHoldsIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Units.parseSize("999999999999999T"));
  }
}
