package dev.godwit.cli;

import dev.godwit.node.NodeException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where a node keeps its keys when nobody says where. */
final class DefaultHome {
  private DefaultHome() {}

  /**
   * The folder, by the XDG Base Directory Specification: relative paths in variables are ignored.
   *
   * @param environment {@code GODWIT_HOME}, {@code XDG_DATA_HOME} and {@code HOME} count
   * @param account the home folder of the user's account, for where no variable says one
   * @throws NodeException when there is none at all
   */
  static Path of(Map<String, String> environment, @Nullable String account) throws NodeException {
    String named = environment.getOrDefault("GODWIT_HOME", "");
    if (!named.isEmpty()) {
      return Path.of(named);
    }
    return absolute(environment.get("XDG_DATA_HOME"))
        .or(
            () ->
                absolute(environment.get("HOME"))
                    .or(() -> absolute(account))
                    .map(folder -> folder.resolve(".local").resolve("share")))
        .map(folder -> folder.resolve("godwit"))
        .orElseThrow(
            () ->
                new NodeException(
                    NodeException.Kind.FAILED,
                    "This user has no home folder to keep the keys of the node in. Name a folder"
                        + " for them with --home or GODWIT_HOME."));
  }

  private static Optional<Path> absolute(@Nullable String folder) {
    return Optional.ofNullable(folder)
        .filter(text -> !text.isEmpty())
        .map(Path::of)
        .filter(Path::isAbsolute);
  }
}
