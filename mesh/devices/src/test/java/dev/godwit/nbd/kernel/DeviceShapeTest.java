package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.nbd.Export;
import dev.godwit.nbd.ServerOffer;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class DeviceShapeTest {
  private static DeviceShape shape(long size, int minimum) throws IOException {
    return DeviceShape.of(
        new ServerOffer(size, 0x1ff, minimum), KernelNbdSettings.DEFAULT, "whose");
  }

  @Test
  void sectorsHave512Bytes() throws IOException {
    assertEquals(512, shape(4096, 1).blockSize());
    assertEquals(8, shape(4096, 1).sectors());
  }

  @Test
  void aTailIsNotPartOfTheDevice() throws IOException {
    assertEquals(1024, shape(1024 + 511, 1).size());
    assertEquals(2, shape(1024 + 511, 1).sectors());
  }

  @Test
  void theServersSmallestBlocksAreKeptTo() throws IOException {
    assertEquals(4096, shape(1 << 20, 4096).blockSize());
    assertEquals(2048, shape(1 << 20, 4096).sectors());
    assertThrows(IOException.class, () -> shape(1 << 20, 8192));
  }

  @Test
  void lessThanASectorIsNoDisk() {
    assertThrows(IOException.class, () -> shape(511, 1));
    assertThrows(IOException.class, () -> shape(0, 1));
  }

  @Test
  void whatTheServerOffersIsReadFromItsFlags() {
    assertTrue(new ServerOffer(1, 1 << 8, 1).manyConnections());
    assertTrue(!new ServerOffer(1, 0, 1).manyConnections());
    assertEquals(Export.Access.READ_ONLY, new ServerOffer(1, 2, 1).access());
    assertEquals(Export.Access.READ_WRITE, new ServerOffer(1, 1, 1).access());
  }

  @Test
  void settingsThatTheKernelCannotKeepAreRefused() {
    KernelNbdSettings usual = KernelNbdSettings.DEFAULT;
    Duration second = Duration.ofSeconds(1);
    assertThrows(IllegalArgumentException.class, () -> usual.withConnections(0));
    assertThrows(IllegalArgumentException.class, () -> usual.withConnections(65));
    assertThrows(
        IllegalArgumentException.class, () -> usual.withWaits(Duration.ofMillis(999), second));
    assertThrows(
        IllegalArgumentException.class, () -> usual.withWaits(second, Duration.ofMillis(-1)));
  }
}
