package dev.godwit.cli;

import dev.godwit.node.NodeException;
import dev.godwit.node.NodeHome;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** What every verb understands, before the verb and behind it. */
final class CommonOptions {
  @Option(
      names = "--home",
      scope = ScopeType.INHERIT,
      paramLabel = "DIR",
      description =
          "Where this node keeps its keys (default: $GODWIT_HOME, else $XDG_DATA_HOME/godwit, else"
              + " ~/.local/share/godwit).")
  private @Nullable Path home;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Print one JSON object a line.")
  private boolean json;

  // Looked at before the command line is parsed, see Godwit.
  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Log what happens, and show where errors come from.")
  private boolean verbose;

  Output output() {
    return Output.standard(json ? Output.Audience.PROGRAM : Output.Audience.PERSON);
  }

  boolean json() {
    return json;
  }

  boolean verbose() {
    return verbose;
  }

  /**
   * The folder of this node.
   *
   * @throws IOException when this user may not look into it
   */
  NodeHome nodeHome() throws IOException {
    NodeHome folder = nodeHomeUnseen();
    folder.checkReadable();
    return folder;
  }

  /** The folder of this node, whether it can be looked into or not. */
  NodeHome nodeHomeUnseen() throws NodeException {
    Path directory =
        home == null ? DefaultHome.of(System.getenv(), System.getProperty("user.home")) : home;
    return new NodeHome(directory, new SecureRandom());
  }
}
