package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.godwit.node.proto.ProcessStatus;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StatusSocketTest {
  @TempDir private Path folder;
  private NodeHome home;

  @BeforeEach
  void begin() throws IOException {
    home = new NodeHome(folder, new SecureRandom());
    Files.createDirectories(home.runDirectory());
  }

  private Path socket(long pid) {
    return home.runDirectory().resolve(pid + ".sock");
  }

  private ServerSocketChannel listen(long pid) throws IOException {
    return ServerSocketChannel.open(StandardProtocolFamily.UNIX)
        .bind(UnixDomainSocketAddress.of(socket(pid)));
  }

  private static ProcessStatus status() {
    return ProcessStatus.newBuilder().setPid(7).setRole("up").build();
  }

  @Test
  void whereNothingRunsNobodyAnswers() throws Exception {
    assertEquals(new RunningProcesses(List.of(), List.of()), StatusSocket.ask(home));
  }

  @Test
  void aProcessThatDoesNotAnswerIsNamedAndHidesNoOther() throws Exception {
    try (StatusSocket _ = StatusSocket.open(home, StatusSocketTest::status);
        ServerSocketChannel _ = listen(1);
        ServerSocketChannel _ = listen(2)) {
      assertEquals(
          new RunningProcesses(List.of(status()), List.of(1L, 2L)), StatusSocket.ask(home));
    }
  }

  @Test
  void aProcessThatClosesWithoutAnAnswerIsLeftOut() throws Exception {
    try (ServerSocketChannel server = listen(3)) {
      Thread.ofVirtual().start(() -> closeOne(server));
      assertEquals(new RunningProcesses(List.of(), List.of()), StatusSocket.ask(home));
    }
  }

  private static void closeOne(ServerSocketChannel server) {
    try {
      server.accept().close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void theSocketOfADeadProcessIsRemoved() throws Exception {
    listen(4).close();
    assertEquals(new RunningProcesses(List.of(), List.of()), StatusSocket.ask(home));
    assertFalse(Files.exists(socket(4)));
  }
}
