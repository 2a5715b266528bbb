package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.node.NodeException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DefaultHomeTest {
  private static final String ACCOUNT = "/home/alice";

  private static String home(Map<String, String> environment) throws Exception {
    return DefaultHome.of(environment, ACCOUNT).toString();
  }

  @Test
  void whatIsNamedForGodwitComesFirst() throws Exception {
    assertEquals(
        "/keys", home(Map.of("GODWIT_HOME", "/keys", "XDG_DATA_HOME", "/data", "HOME", "/x")));
    assertEquals(Path.of("keys"), DefaultHome.of(Map.of("GODWIT_HOME", "keys"), ACCOUNT));
  }

  @Test
  void theFolderForDataComesBeforeTheHomeFolder() throws Exception {
    assertEquals("/data/godwit", home(Map.of("XDG_DATA_HOME", "/data", "HOME", "/x")));
  }

  @Test
  void theHomeFolderOfTheEnvironmentComesBeforeThatOfTheAccount() throws Exception {
    assertEquals("/x/.local/share/godwit", home(Map.of("HOME", "/x")));
    assertEquals(ACCOUNT + "/.local/share/godwit", home(Map.of()));
  }

  @Test
  void aVariableThatIsEmptyOrRelativeIsNone() throws Exception {
    assertEquals(
        ACCOUNT + "/.local/share/godwit",
        home(Map.of("GODWIT_HOME", "", "XDG_DATA_HOME", "data", "HOME", "")));
  }

  @Test
  void aUserWithoutAnyHomeFolderIsAskedToNameOne() {
    // What the JDK says of an account that is in no password file.
    assertThrows(NodeException.class, () -> DefaultHome.of(Map.of(), "?"));
  }
}
