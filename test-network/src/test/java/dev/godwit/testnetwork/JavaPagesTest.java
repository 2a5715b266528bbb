package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in the documentation, with no imports but those that it names. */
class JavaPagesTest {
  private static final Pattern BLOCK =
      Pattern.compile("^```java\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);

  @TempDir private Path classes;

  /** A block as the body of a method. */
  private static final class Block extends SimpleJavaFileObject {
    private final String code;

    Block(String block) {
      super(URI.create("string:///Block.java"), Kind.SOURCE);
      this.code =
          block.lines().filter(Block::isImport).collect(Collectors.joining("\n"))
              + "\nclass Block { void run() throws Exception {\n"
              + block.lines().filter(line -> !isImport(line)).collect(Collectors.joining("\n"))
              + "\n} }\n";
    }

    private static boolean isImport(String line) {
      return line.startsWith("import ");
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return code;
    }
  }

  private String complaints(String block) {
    StringWriter complaints = new StringWriter();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> options =
        List.of(
            "-proc:none", "-cp", System.getProperty("java.class.path"), "-d", classes.toString());
    List<JavaFileObject> sources = List.of(new Block(block));
    boolean _ = compiler.getTask(complaints, null, null, options, null, sources).call();
    return complaints.toString();
  }

  private static List<String> blocks() throws IOException {
    List<String> blocks = new ArrayList<>();
    try (Stream<Path> pages = Files.walk(Path.of("..", "docs"))) {
      for (Path page : pages.filter(file -> file.toString().endsWith(".md")).toList()) {
        Matcher block = BLOCK.matcher(Files.readString(page));
        while (block.find()) {
          blocks.add(block.group(1));
        }
      }
    }
    return blocks;
  }

  @Test
  void everyBlockCompiles() throws Exception {
    List<String> blocks = blocks();
    assertTrue(!blocks.isEmpty());
    for (String block : blocks) {
      assertEquals("", complaints(block), block);
    }
  }
}
