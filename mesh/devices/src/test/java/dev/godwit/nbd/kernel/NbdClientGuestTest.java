package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Contents;
import dev.godwit.backend.Extent;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.nbd.Export;
import dev.godwit.nbd.ExportTable;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdListener;
import dev.godwit.nbd.NbdServer;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real kernel's NBD client against our server, steered by Debian's nbd-client. Needs root. */
@Timeout(180)
final class NbdClientGuestTest {
  private static final int SIZE = 64 << 20;
  private static final String HELLO = "hello from here.";

  @TempDir Path directory;

  private static long holes(Backend backend) throws IOException {
    long[] holes = {0};
    backend.extents(
        0, backend.size(), (_, length, kind) -> holes[0] += kind == Extent.Kind.HOLE ? length : 0);
    return holes[0];
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void aRealKernelUsesOurServerAsADisk(int connections) throws IOException {
    Backend backend = new MemoryBackend(SIZE);
    backend.write(ByteBuffer.wrap(HELLO.getBytes(StandardCharsets.US_ASCII)), 0);
    byte[] source = Seeds.bytes(new Random(connections), 8 << 20);
    var _ = Files.write(directory.resolve("source"), source);
    var server = new NbdServer(ExportTable.of(Export.of("disk", backend)));
    var address = new NbdAddress.Tcp(Guest.HOST, NbdAddress.DEFAULT_PORT, "");
    try (Guest guest =
            Guest.prepare(
                directory,
                "client-guest.sh",
                Map.of(
                    "PORT", Integer.toString(address.port()),
                    "CONNECTIONS", Integer.toString(connections),
                    "FOLDER", directory.toString()));
        NbdListener listener = guest.inNetwork(() -> NbdListener.open(address, server))) {
      guest.start();
      List<String> said = new ArrayList<>();
      while (said.isEmpty() || !said.getLast().startsWith("size ")) {
        said.add(guest.next());
      }
      assertEquals(connections, listener.connections());
      said.addAll(guest.rest());
      List<String> sums = said.stream().filter(line -> line.startsWith("sum ")).toList();
      assertEquals(2, sums.size(), guest::everything);
      assertEquals(sums.getFirst(), sums.getLast());
      assertEquals(
          List.of(
              "module ok",
              "connect ok",
              "size " + SIZE / 512,
              "read " + HELLO,
              "dd ok",
              "ext4 ok",
              "mount ok",
              sums.getFirst(),
              "umount ok",
              "fsck ok",
              "mount-again ok",
              sums.getLast(),
              "umount-again ok",
              "copy ok",
              "blkdiscard ok",
              "after-discard 0",
              "mkswap ok",
              "swapon ok",
              "swap /dev/nbd0 " + (SIZE / 1024 - 4),
              "swapoff ok",
              "disconnect ok",
              "size 0"),
          said,
          guest::everything);
    }
    byte[] disk = Contents.of(backend);
    assertArrayEquals(source, Arrays.copyOf(disk, source.length));
    for (int i = source.length; i < disk.length; i++) {
      assertEquals(0, disk[i], "what was discarded");
    }
    assertTrue(holes(backend) >= SIZE - source.length - (1 << 20), "discarded blocks are holes");
    Path copy = directory.resolve("copy");
    assertEquals(SIZE, Files.size(copy));
    assertTrue(
        new String(Files.readAllBytes(copy), StandardCharsets.ISO_8859_1)
            .contains("written in the guest"));
  }
}
