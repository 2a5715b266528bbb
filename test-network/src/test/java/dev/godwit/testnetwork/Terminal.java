package dev.godwit.testnetwork;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A reader's terminal on one machine: {@code godwit} is in its PATH. For one thread. */
public final class Terminal {
  private static final Path LAUNCHER = Path.of(System.getProperty("godwit.launcher", "godwit"));

  private final Place place;
  private final List<String> said = new ArrayList<>();

  /**
   * A new one.
   *
   * @param folder in which it is, which must be there
   */
  public Terminal(Place place, Path folder) {
    this.place = place;
    remember("PATH=" + LAUNCHER.toAbsolutePath().getParent() + ":$PATH:/usr/sbin:/sbin");
    remember("cd " + folder);
  }

  /** Says something that holds for all commands from now on, such as {@code cd}. */
  public Terminal remember(String line) {
    said.add(line);
    return this;
  }

  /** Where it is. */
  public Place place() {
    return place;
  }

  /** What runs {@code text} there. */
  public List<String> command(String text) {
    return place.command(List.of("sh", "-c", "set -e\n" + String.join("\n", said) + "\n" + text));
  }

  /** What becomes {@code text}, which is one command of one program. */
  public List<String> process(String text) {
    return command("exec " + text);
  }
}
