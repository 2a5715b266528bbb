package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.migration.UnfitForHandoverException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ForeignWritesTest {
  @TempDir private Path folder;
  private Path file;
  private ForeignWrites others;
  private final AtomicLong own = new AtomicLong();

  @BeforeEach
  void offer() throws IOException {
    file = Files.write(folder.resolve("state"), new byte[4096]);
    Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_000_000, 123)));
    others = new ForeignWrites(file);
    others.count(own::get);
  }

  private void write(int bytes) throws IOException {
    Files.write(file, new byte[bytes]);
  }

  private void assertSaid(String what) {
    String said =
        String.valueOf(assertThrows(UnfitForHandoverException.class, others::check).getMessage());
    assertTrue(said.startsWith(file + " " + what + " by another program"), said);
  }

  @Test
  void whatNobodyTouchesIsFit() throws Exception {
    others.begin();
    others.check();
    assertEquals(FileMark.of(file), others.leave());
  }

  @Test
  void whatIsWrittenDuringTheCopyIsSaid() throws Exception {
    others.begin();
    write(4096);
    assertSaid("was written to");
  }

  @Test
  void whatWasWrittenBeforeTheCopyIsInIt() throws Exception {
    write(4096);
    others.begin();
    others.check();
  }

  @Test
  void aFileThatGrewIsSaid() throws Exception {
    own.set(1);
    write(4097);
    others.begin();
    assertSaid("was made longer");
  }

  @Test
  void aFileThatShrankIsSaid() throws Exception {
    own.set(1);
    others.begin();
    write(4095);
    assertSaid("was made shorter");
  }

  /** The time of the last write is that of an own one then. */
  @Test
  void ownWritesAreNotThoseOfOthers() throws Exception {
    others.begin();
    own.set(1);
    write(4096);
    others.check();
  }

  @Test
  void whatOthersHaveWrittenIsLeftAsChanged() throws Exception {
    write(4096);
    assertEquals(FileMark.NONE, others.leave());
  }
}
