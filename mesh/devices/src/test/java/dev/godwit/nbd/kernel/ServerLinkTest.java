package dev.godwit.nbd.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.MemoryBackend;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCalls;
import dev.godwit.nbd.BlockSizes;
import dev.godwit.nbd.Export;
import dev.godwit.nbd.ExportTable;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdException;
import dev.godwit.nbd.NbdListener;
import dev.godwit.nbd.NbdServer;
import dev.godwit.stream.ByteStream;
import dev.godwit.testing.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class ServerLinkTest {
  private static final Duration LIMIT = Patience.seconds(10);
  private static final int PATIENCE_MILLIS = Math.toIntExact(Patience.seconds(10).toMillis());

  @TempDir Path directory;
  private final SystemCalls calls = new SystemCalls(LibC.load());
  private final Set<ByteStream> streams = ConcurrentHashMap.newKeySet();

  private NbdListener serve(NbdAddress address) throws IOException {
    var writable = Export.of("rw", new MemoryBackend(1 << 20));
    var readOnly =
        new Export(
            "ro",
            "",
            new MemoryBackend(8192),
            Export.Access.READ_ONLY,
            new BlockSizes(4096, 4096, 1 << 20));
    var server = new NbdServer(ExportTable.of(writable, readOnly));
    return NbdListener.open(
        address,
        stream -> {
          streams.add(stream);
          server.handle(stream);
        });
  }

  private NbdListener serveUnix() throws IOException {
    return serve(new NbdAddress.Unix(directory.resolve("s"), ""));
  }

  private NbdAddress unix(String export) {
    return new NbdAddress.Unix(directory.resolve("s"), export);
  }

  @Test
  void aServerIsFoundOnASocketOfTheFileSystem() throws IOException {
    try (var _ = serveUnix();
        ServerLink writable = ServerLink.open(calls, unix("rw"), LIMIT);
        ServerLink readOnly = ServerLink.open(calls, unix("ro"), LIMIT)) {
      assertEquals(1 << 20, writable.offer().size());
      assertTrue(writable.offer().manyConnections());
      assertEquals(Export.Access.READ_WRITE, writable.offer().access());
      assertEquals(1, writable.offer().minimumBlock());
      assertEquals(8192, readOnly.offer().size());
      assertEquals(Export.Access.READ_ONLY, readOnly.offer().access());
      assertEquals(4096, readOnly.offer().minimumBlock());
      assertFalse(writable.isMarkedByKernel());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "localhost"})
  void aServerIsFoundOnAPort(String host) throws IOException {
    try (NbdListener listener = serve(new NbdAddress.Tcp(host, 0, ""))) {
      int port = ((NbdAddress.Tcp) listener.address()).port();
      try (ServerLink link = ServerLink.open(calls, new NbdAddress.Tcp(host, port, "rw"), LIMIT)) {
        assertEquals(1 << 20, link.offer().size());
      }
    }
  }

  private static void assertSays(String expected, IOException e) {
    assertTrue(String.valueOf(e.getMessage()).contains(expected), e::toString);
  }

  @Test
  void whatTheServerRefusesIsSaid() throws IOException {
    try (var _ = serveUnix()) {
      var e = assertThrows(NbdException.class, () -> ServerLink.open(calls, unix("none"), LIMIT));
      assertSays("there is no such export", e);
    }
  }

  @Test
  void aServerThatIsNotThereIsNamed() {
    assertSays(
        "No such file",
        assertThrows(IOException.class, () -> ServerLink.open(calls, unix("rw"), LIMIT)));
    assertSays(
        "too long for a socket",
        assertThrows(
            IOException.class,
            () ->
                ServerLink.open(
                    calls, new NbdAddress.Unix(Path.of("/" + "x".repeat(108)), ""), LIMIT)));
  }

  @Test
  void aSilentServerIsAwaitedUntilTheLimit() throws IOException {
    try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var address = new NbdAddress.Tcp("127.0.0.1", silent.getLocalPort(), "");
      long start = System.nanoTime();
      assertThrows(
          IOException.class, () -> ServerLink.open(calls, address, Duration.ofMillis(200)));
      assertTrue(System.nanoTime() - start < Patience.seconds(5).toNanos());
    }
  }

  @Test
  void theEndOfAConnectionIsSeenAndOnlyOfThat() throws IOException {
    var watch = new LinkWatch(calls);
    try (var _ = serveUnix();
        ServerLink first = ServerLink.open(calls, unix("rw"), LIMIT)) {
      ByteStream stream = streams.iterator().next();
      try (ServerLink second = ServerLink.open(calls, unix("rw"), LIMIT)) {
        assertEquals(List.of(), watch.await(List.of(first, second), 0));
        stream.close();
        assertEquals(List.of(first), watch.await(List.of(first, second), PATIENCE_MILLIS));
        second.cut();
        assertEquals(List.of(second), watch.await(List.of(second), PATIENCE_MILLIS));
      }
    }
  }
}
