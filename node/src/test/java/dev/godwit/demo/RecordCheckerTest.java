package dev.godwit.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.FileBackend;
import dev.godwit.libc.NativeSparseFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordCheckerTest {
  private static final long SIZE = 4 << 20;

  @Test
  void itTellsHowFarItIs(@TempDir Path folder) throws Exception {
    List<Long> told = new ArrayList<>();
    try (FileBackend state =
        FileBackend.create(folder.resolve("state"), SIZE, NativeSparseFile.opener())) {
      RecordChecker.Report report =
          new RecordChecker()
              .check(
                  List.of(),
                  state,
                  null,
                  (done, total) -> {
                    assertEquals(SIZE, total);
                    told.add(done);
                  });
      assertEquals(new RecordChecker.Report(0, 0, 0), report);
    }
    assertEquals(0, told.getFirst());
    assertTrue(told.size() > 100, told::toString);
    assertEquals(told.stream().sorted().distinct().toList(), told);
  }
}
