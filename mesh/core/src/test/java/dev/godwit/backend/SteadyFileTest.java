package dev.godwit.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Patience;
import dev.godwit.testing.disk.FailingDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A file that interrupted threads use. */
@Timeout(30)
class SteadyFileTest {
  @TempDir Path directory;

  private Path file(String contents) throws IOException {
    return Files.writeString(directory.resolve("file"), contents);
  }

  @Test
  void anInterruptedThreadReadsAndWritesAndIsStillInterrupted() throws Exception {
    try (SteadyFile file = SteadyFile.open(file("abc"))) {
      Thread.currentThread().interrupt();
      ByteBuffer read = ByteBuffer.allocate(2);
      assertEquals(2, file.read(read, 1));
      assertTrue(Thread.interrupted());
      assertEquals("bc", new String(read.array(), StandardCharsets.UTF_8));
      Thread.currentThread().interrupt();
      assertEquals(1, file.write(ByteBuffer.wrap(new byte[] {'x'}), 0));
      file.force(SteadyFile.Durable.CONTENTS);
      assertEquals(3, file.size());
      assertTrue(Thread.interrupted());
    }
    assertEquals("xbc", Files.readString(directory.resolve("file")));
  }

  @Test
  void othersDoNotNoticeAnInterruption() throws Exception {
    try (SteadyFile file = SteadyFile.open(file("a".repeat(1 << 20)))) {
      AtomicBoolean over = new AtomicBoolean();
      CompletableFuture<Integer> reading = new CompletableFuture<>();
      Thread reader =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      int count = 0;
                      while (!over.get()) {
                        count += file.read(ByteBuffer.allocate(1 << 16), 0);
                      }
                      reading.complete(count);
                    } catch (IOException e) {
                      reading.completeExceptionally(e);
                    }
                  });
      for (int i = 0; i < 200; i++) {
        Thread.currentThread().interrupt();
        assertEquals(1, file.read(ByteBuffer.allocate(1), i));
        assertTrue(Thread.interrupted());
      }
      over.set(true);
      assertTrue(reading.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS) >= 0);
      reader.join();
    }
  }

  @Test
  void afterItWasClosedItStaysClosed() throws Exception {
    SteadyFile file = SteadyFile.open(file("abc"));
    file.close();
    assertThrows(BackendClosedException.class, () -> file.read(ByteBuffer.allocate(1), 0));
    assertThrows(BackendClosedException.class, () -> file.force(SteadyFile.Durable.EVERYTHING));
  }

  @Test
  void anotherFileOfTheSameNameIsNotTakenForIt() throws Exception {
    Path path = file("abc");
    try (SteadyFile file = SteadyFile.open(path)) {
      Path other = Files.writeString(directory.resolve("other"), "xyz");
      Files.move(other, path, StandardCopyOption.REPLACE_EXISTING);
      Thread.currentThread().interrupt();
      IOException refused =
          assertThrows(IOException.class, () -> file.read(ByteBuffer.allocate(1), 0));
      assertTrue(Thread.interrupted());
      assertTrue(String.valueOf(refused.getMessage()).contains("was replaced"));
    }
  }

  @Test
  void aFailedForceIsNotForgottenUntilTheFileIsOpenedAnew() throws Exception {
    FailingDisk disk = FailingDisk.on(directory);
    Path path = disk.root().resolve(file("abc").getFileName().toString());
    try (SteadyFile file = SteadyFile.open(path)) {
      assertEquals(1, file.write(ByteBuffer.wrap(new byte[] {'x'}), 0));
      disk.failNext(FailingDisk.Operation.FORCE);
      assertThrows(FlushFailedException.class, () -> file.force(SteadyFile.Durable.CONTENTS));
      FlushFailedException again =
          assertThrows(FlushFailedException.class, () -> file.force(SteadyFile.Durable.CONTENTS));
      assertTrue(String.valueOf(again.getMessage()).contains("Input/output error"));
    }
    try (SteadyFile anew = SteadyFile.open(path)) {
      anew.force(SteadyFile.Durable.CONTENTS);
    }
  }

  @Test
  void aFileThatWasRemovedOrReplacedIsNotFlushed() throws Exception {
    Path path = file("abc");
    try (SteadyFile file = SteadyFile.open(path)) {
      Files.delete(path);
      FlushFailedException removed =
          assertThrows(FlushFailedException.class, () -> file.force(SteadyFile.Durable.CONTENTS));
      assertTrue(String.valueOf(removed.getMessage()).contains("was removed"));
    }
    Path again = file("abc");
    try (SteadyFile file = SteadyFile.open(again)) {
      Path other = Files.writeString(directory.resolve("other"), "xyz");
      Files.move(other, again, StandardCopyOption.REPLACE_EXISTING);
      assertThrows(FlushFailedException.class, () -> file.force(SteadyFile.Durable.CONTENTS));
    }
  }

  @Test
  void anInterruptionDoesNotSwallowAFailedForce() throws Exception {
    FailingDisk disk = FailingDisk.on(directory);
    Path path = disk.root().resolve(file("abc").getFileName().toString());
    try (SteadyFile file = SteadyFile.open(path)) {
      assertEquals(1, file.write(ByteBuffer.wrap(new byte[] {'x'}), 0));
      disk.failNext(FailingDisk.Operation.FORCE);
      Thread.currentThread().interrupt();
      assertThrows(FlushFailedException.class, () -> file.force(SteadyFile.Durable.CONTENTS));
      assertTrue(Thread.interrupted());
    }
  }
}
