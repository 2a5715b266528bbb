package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.MemoryBackend;
import dev.godwit.nbd.Negotiated.Replies;
import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NbdListenerTest {
  @TempDir Path directory;

  private final NbdServer server =
      new NbdServer(ExportTable.of(Export.of("", new MemoryBackend(4096))));

  private NbdAddress.Unix socket() {
    return new NbdAddress.Unix(directory.resolve("s"), "");
  }

  private void assertOnlyFiles(String... names) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(
          Set.of(names), files.map(f -> f.getFileName().toString()).collect(Collectors.toSet()));
    }
  }

  @Test
  void theSocketIsTheOwnersOnlyAndGoesAtClose() throws IOException {
    try (var _ = NbdListener.open(socket(), server)) {
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(socket().path())));
      assertOnlyFiles("s");
    }
    assertOnlyFiles();
  }

  @Test
  void permissionsCanBeChosen() throws IOException {
    var settings = new NbdListener.Settings(4, PosixFilePermissions.fromString("rw-rw----"));
    try (var _ = NbdListener.open(socket(), server, settings)) {
      assertEquals(
          "rw-rw----",
          PosixFilePermissions.toString(Files.getPosixFilePermissions(socket().path())));
    }
  }

  @Test
  void aSocketThatNobodyListensOnIsReplaced() throws IOException {
    try (var dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(socket().path()));
    }
    assertOnlyFiles("s");
    try (var listener = NbdListener.open(socket(), server);
        var client = NbdClient.connect(listener.address(), NbdClient.Settings.DEFAULT)) {
      assertEquals(4096, client.size());
    }
  }

  @Test
  void aSocketInUseIsRefused() throws IOException {
    try (var first = NbdListener.open(socket(), server)) {
      var e = assertThrows(BindException.class, () -> NbdListener.open(socket(), server));
      assertTrue(String.valueOf(e.getMessage()).endsWith("is in use"), e.getMessage());
      try (var client = NbdClient.connect(first.address(), NbdClient.Settings.DEFAULT)) {
        assertEquals(4096, client.size());
      }
    }
  }

  @Test
  void anotherFileIsNeverReplaced() throws IOException {
    Files.writeString(socket().path(), "precious");
    assertThrows(BindException.class, () -> NbdListener.open(socket(), server));
    assertEquals("precious", Files.readString(socket().path()));
  }

  @Test
  void closeLeavesASuccessorsSocketAlone() throws IOException {
    var first = NbdListener.open(socket(), server);
    Files.delete(socket().path());
    try (var _ = NbdListener.open(socket(), server)) {
      first.close();
      assertOnlyFiles("s");
    }
  }

  @Test
  void aPathTooLongIsRefusedByName() {
    var address = new NbdAddress.Unix(directory.resolve("x".repeat(120)), "");
    var e = assertThrows(IOException.class, () -> NbdListener.open(address, server));
    assertTrue(String.valueOf(e.getMessage()).contains("too long"), e.getMessage());
  }

  @Test
  void aPortInUseIsRefusedByName() throws IOException {
    var any = new NbdAddress.Tcp("127.0.0.1", 0, "");
    try (var first = NbdListener.open(any, server)) {
      var e = assertThrows(BindException.class, () -> NbdListener.open(first.address(), server));
      assertTrue(String.valueOf(e.getMessage()).contains("is in use"), e.getMessage());
    }
  }

  @Test
  void servesTcp() throws IOException {
    try (var listener = NbdListener.open(new NbdAddress.Tcp("127.0.0.1", 0, ""), server);
        var client = NbdClient.connect(listener.address(), NbdClient.Settings.DEFAULT)) {
      assertEquals(4096, client.size());
    }
  }

  @Test
  void clientsBeyondTheLimitAreTurnedAway() throws IOException {
    var settings = new NbdListener.Settings(1, PosixFilePermissions.fromString("rw-------"));
    try (var _ = NbdListener.open(socket(), server, settings);
        var first = new RawClient(socket().path())) {
      var _ = first.start(Replies.SIMPLE);
      try (var second = new RawClient(socket().path())) {
        assertTrue(second.ended());
      }
      assertEquals(0, first.request(Protocol.CMD_FLUSH, 0, 1, 0, 0).reply().error());
    }
  }

  @Test
  void closeEndsConnections() throws IOException {
    var listener = NbdListener.open(socket(), server);
    try (var client = new RawClient(socket().path())) {
      var _ = client.start(Replies.SIMPLE);
      assertEquals(1, listener.connections());
      listener.close();
      assertTrue(client.ended());
      assertEquals(0, listener.connections());
      assertFalse(Files.exists(socket().path()));
      listener.close();
    }
  }
}
