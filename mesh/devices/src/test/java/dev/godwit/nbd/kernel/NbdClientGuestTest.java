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
import dev.godwit.stream.StreamHandler;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real kernel's NBD client against our server, steered by Debian's nbd-client. */
@Timeout(1200)
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

  /** A disk of ours, and what one client does with it. */
  private static final class Disk implements AutoCloseable {
    private final int wanted;
    private final Backend backend = new MemoryBackend(SIZE);
    private final AtomicInteger connections = new AtomicInteger();
    private final NbdListener listener;

    private Disk(int wanted) throws IOException {
      this.wanted = wanted;
      backend.write(ByteBuffer.wrap(HELLO.getBytes(StandardCharsets.US_ASCII)), 0);
      var server = new NbdServer(ExportTable.of(Export.of("disk", backend)));
      StreamHandler counting =
          stream -> {
            var _ = connections.incrementAndGet();
            server.handle(stream);
          };
      listener = NbdListener.open(new NbdAddress.Tcp("127.0.0.1", 0, ""), counting);
    }

    /** For the script. */
    private String forClient() {
      return ((NbdAddress.Tcp) listener.address()).port() + ":" + wanted;
    }

    private void check(byte[] source) throws IOException {
      assertEquals(wanted, connections.get(), "connections");
      byte[] disk = Contents.of(backend);
      assertArrayEquals(source, Arrays.copyOf(disk, source.length));
      for (int i = source.length; i < disk.length; i++) {
        assertEquals(0, disk[i], "what was discarded");
      }
      assertTrue(holes(backend) >= SIZE - source.length - (1 << 20), "discarded blocks are holes");
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  @Test
  void aRealKernelUsesOurServerAsADisk() throws IOException {
    byte[] source = Seeds.bytes(new Random(1), 8 << 20);
    GuestKernel kernel = GuestKernel.prepared();
    GuestDisk disk = new GuestDisk(directory, kernel);
    disk.add("source", source);
    try (Disk one = new Disk(1);
        Disk three = new Disk(3)) {
      disk.run(
          "client-guest.sh",
          Map.of("HOST", Guest.HOST, "PORTS", one.forClient() + " " + three.forClient()));
      try (Guest guest = Guest.start(kernel, List.of(disk.make()))) {
        List<String> said = guest.rest();
        List<String> sums = said.stream().filter(line -> line.startsWith("sum ")).toList();
        assertEquals(4, sums.size(), guest::everything);
        List<String> expected = new ArrayList<>(useOfADisk(sums.get(0)));
        expected.addAll(useOfADisk(sums.get(2)));
        assertEquals(expected, said, guest::everything);
      }
      one.check(source);
      three.check(source);
    }
  }

  /** What the script says of one disk, with the checksum of a file that it reads twice. */
  private static List<String> useOfADisk(String sum) {
    return List.of(
        "connect ok",
        "size " + SIZE / 512,
        "read " + HELLO,
        "dd ok",
        "ext4 ok",
        "mount ok",
        sum,
        "umount ok",
        "fsck ok",
        "mount-again ok",
        sum,
        "umount-again ok",
        "copy " + SIZE,
        "find ok",
        "blkdiscard ok",
        "after-discard 0",
        "mkswap ok",
        "swapon ok",
        "swap /dev/nbd0 " + (SIZE / 1024 - 4),
        "swapoff ok",
        "disconnect ok",
        "size 0");
  }
}
