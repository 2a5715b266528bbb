package dev.godwit.libc;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads in which this virtual machine compiles. A compiler that is in the middle of a method
 * keeps its processor for milliseconds after somebody else wants it; that is nothing, except while
 * a program stands still (decision 008).
 */
public final class CompilerThreads {
  private static final Logger LOG = LoggerFactory.getLogger(CompilerThreads.class);
  private static final Pattern NAME = Pattern.compile("C[12] Compiler.*");
  private static final int[] NO_PRIORITY = {0};

  private final LibC libc;

  /** Finds them through {@code libc}. */
  public CompilerThreads(LibC libc) {
    this.libc = libc;
  }

  /**
   * From now on they run only on processors that nobody else wants. There is no way back: without
   * privileges the system allows none. Best effort; where there is no Linux nothing happens.
   *
   * @return how many threads stepped back
   */
  public int stepBack() {
    int count = 0;
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
      for (Path thread : threads) {
        if (isCompiler(thread)
            && libc.sched_setscheduler(
                    Integer.parseInt(thread.getFileName().toString()), LibC.SCHED_IDLE, NO_PRIORITY)
                == 0) {
          count++;
        }
      }
    } catch (IOException | NumberFormatException e) {
      LOG.debug("the compiler's threads cannot be found", e);
    }
    return count;
  }

  private static boolean isCompiler(Path thread) throws IOException {
    Path name = thread.resolve("comm");
    // A thread may have ended since it was listed.
    return Files.exists(name) && NAME.matcher(Files.readString(name).strip()).matches();
  }
}
