package dev.godwit.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DemoFolderTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private DemoFolder folder;

  @BeforeEach
  void begin() throws IOException {
    folder = new DemoFolder();
    for (String node : List.of("alice", "bob")) {
      Path home = Files.createDirectory(folder.path().resolve(node));
      Files.writeString(home.resolve("identity.pem"), "a key");
      Files.write(home.resolve("state"), new byte[1 << 20]);
    }
  }

  @AfterEach
  void end() throws IOException {
    folder.remove(PATIENCE);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(folder.path())) {
      return all.filter(Files::isRegularFile)
          .map(file -> folder.path().relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void keysGoBeforeTheStates() throws IOException {
    folder.removeKeys();
    assertEquals(List.of("alice/state", "bob/state"), files());
  }

  @Test
  void nothingIsLeft() throws IOException {
    folder.remove(PATIENCE);
    assertTrue(Files.notExists(folder.path()));
  }

  @Test
  void whatIsGoneNeedNotBeRemoved() throws IOException {
    folder.remove(PATIENCE);
    folder.removeKeys();
    folder.remove(PATIENCE);
    assertTrue(Files.notExists(folder.path()));
  }
}
