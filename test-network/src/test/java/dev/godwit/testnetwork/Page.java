package dev.godwit.testnetwork;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The commands of a page of the documentation, in their order: what its {@code sh} blocks say, up
 * to the end of the line or of its here-document. A block of {@code text} behind one is what its
 * last command writes.
 *
 * @param commands all of them
 */
public record Page(List<Command> commands) {
  private static final Pattern BLOCK =
      Pattern.compile("^```(sh|text)\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern COMMENT = Pattern.compile("(?:^|\\s+)# (.*)$");
  private static final Pattern MACHINE = Pattern.compile("^on (\\w+)");
  private static final Pattern DOCUMENT = Pattern.compile("<<'(\\w+)'");

  /**
   * A command.
   *
   * @param text as a shell takes it
   * @param where the machine that its comment names, or the comment at the beginning of its block;
   *     else "anywhere"
   * @param shown what the page shows of its output; empty when it shows nothing
   */
  public record Command(String text, String where, String shown) {
    /** What {@code godwit} is to do; the whole text when the command is another program's. */
    public String verb() {
      return text.replaceAll("^godwit (mesh )?(\\S+).*", "$2");
    }

    private Command showing(String output) {
      return new Command(text, where, output);
    }
  }

  /** Of a file, which is named from the root of the project. */
  public static Page of(String file) throws IOException {
    return in(text(file));
  }

  /** Of what a file says from {@code heading} on. */
  public static Page of(String file, String heading) throws IOException {
    String text = text(file);
    return in(text.substring(text.indexOf(heading)));
  }

  private static String text(String file) throws IOException {
    return Files.readString(Path.of("..").resolve(file));
  }

  private static Page in(String text) {
    List<Command> commands = new ArrayList<>();
    Matcher block = BLOCK.matcher(text);
    while (block.find()) {
      if (block.group(1).equals("sh")) {
        read(block.group(2), commands);
      } else {
        commands.set(commands.size() - 1, commands.getLast().showing(block.group(2)));
      }
    }
    return new Page(List.copyOf(commands));
  }

  private static void read(String block, List<Command> commands) {
    String here = "anywhere";
    Iterator<String> lines = block.replace("\\\n", " ").lines().iterator();
    while (lines.hasNext()) {
      String line = lines.next();
      String where = here;
      Matcher comment = COMMENT.matcher(line);
      if (comment.find()) {
        Matcher machine = MACHINE.matcher(comment.group(1));
        where = machine.find() ? machine.group(1) : here;
        line = line.substring(0, comment.start());
      }
      if (line.isBlank()) {
        here = where;
      } else {
        commands.add(new Command(line.strip() + document(line, lines), where, ""));
      }
    }
  }

  /** What follows a command that reads a here-document; nothing when it reads none. */
  private static String document(String command, Iterator<String> lines) {
    Matcher document = DOCUMENT.matcher(command);
    if (!document.find()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    String line = "";
    while (!line.equals(document.group(1))) {
      line = lines.next();
      text.append('\n').append(line);
    }
    return text.toString();
  }
}
