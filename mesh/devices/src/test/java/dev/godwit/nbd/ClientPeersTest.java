package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend.Holes;
import dev.godwit.nbd.Programs.Running;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our NBD client against other people's servers. */
final class ClientPeersTest {
  @TempDir Path directory;
  private Programs programs;

  @BeforeEach
  void programs() {
    programs = new Programs(directory);
  }

  private static NbdClient connect(Running server) throws IOException {
    return NbdClient.connect(server.address(), NbdClient.Settings.DEFAULT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "memory 1000003",
        "--no-sr memory 1000003",
        "--filter=noextents --filter=nozero memory 1000003",
        "--filter=blocksize-policy memory 1M blocksize-minimum=4096 blocksize-maximum=64K"
            + " blocksize-preferred=4096 blocksize-error-policy=error",
        "--filter=delay memory 100003 wdelay=1ms rdelay=1ms"
      })
  void nbdkitBehavesLikeAnArrayOfBytes(String arguments) throws IOException {
    try (Running server = programs.nbdkit(arguments.split(" ", -1));
        NbdClient client = connect(server)) {
      new BackendModel(client).run(400);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 511, 4097})
  void qemuNbdBehavesLikeAnArrayOfBytes(int beyond) throws IOException {
    // qemu rounds sizes up to whole sectors.
    Path file = Files.write(directory.resolve("disk"), new byte[(1 << 20) + beyond]);
    try (Running server = programs.qemuNbd(file);
        NbdClient client = connect(server)) {
      assertTrue(client.size() >= (1 << 20) + beyond);
      new BackendModel(client).run(400);
    }
  }

  @Test
  void holesOfTheServerAreSeen() throws IOException {
    try (Running server = programs.nbdkit("memory", "8M");
        NbdClient client = connect(server)) {
      client.write(ByteBuffer.wrap(new byte[] {1}), 4 << 20);
      List<String> runs = new ArrayList<>();
      client.extents(0, 8 << 20, (at, length, kind) -> runs.add(at + "+" + length + kind));
      assertEquals("0+4194304HOLE", runs.getFirst());
      assertTrue(runs.size() >= 3, runs.toString());
      client.zero(0, 8 << 20, Holes.ALLOWED);
      runs.clear();
      client.extents(0, 8 << 20, (at, length, kind) -> runs.add(at + "+" + length + kind));
      assertTrue(runs.stream().allMatch(run -> run.endsWith("HOLE")), runs.toString());
      client.trim(1, 4 << 20);
      client.flush();
    }
  }

  @Test
  void requestsOfManyThreadsShareOneConnection() throws Exception {
    // 64 reads of half a second each: one after the other they would outlast the test.
    try (Running server =
            programs.nbdkit("-t", "64", "--filter=delay", "memory", "1M", "rdelay=500ms");
        NbdClient client =
            NbdClient.connect(
                server.address(),
                new NbdClient.Settings(Duration.ofSeconds(10), Duration.ofSeconds(20)));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 64; i++) {
        client.write(ByteBuffer.allocate(4).putInt(0, i), 4096L * i);
      }
      List<Future<Integer>> results = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        long offset = 4096L * i;
        results.add(
            threads.submit(
                () -> {
                  ByteBuffer dst = ByteBuffer.allocate(4);
                  client.read(dst, offset);
                  return dst.getInt(0);
                }));
      }
      for (int i = 0; i < 64; i++) {
        assertEquals(i, results.get(i).get());
      }
    }
  }

  @Test
  void anErrorOfTheServerFailsTheRequestOnly() throws IOException {
    try (Running server =
            programs.nbdkit(
                "--filter=error", "memory", "1M", "error=ENOSPC", "error-pwrite-rate=1");
        NbdClient client = connect(server)) {
      var e = assertThrows(NbdException.class, () -> client.write(ByteBuffer.allocate(512), 0));
      assertEquals(NbdError.ENOSPC, e.error());
      assertTrue(String.valueOf(e.getMessage()).contains("WRITE"), e.getMessage());
      client.read(ByteBuffer.allocate(512), 0);
    }
  }

  @Test
  void aReadOnlyExportIsSeenAndKept() throws IOException {
    try (Running server = programs.nbdkit("-r", "memory", "1M");
        NbdClient client = connect(server)) {
      assertEquals(Export.Access.READ_ONLY, client.access());
      var e = assertThrows(NbdException.class, () -> client.write(ByteBuffer.allocate(512), 0));
      assertEquals(NbdError.EPERM, e.error());
    }
  }

  @Test
  void aServerThatDoesNotAnswerInTimeIsGivenUp() throws IOException {
    try (Running server = programs.nbdkit("--filter=delay", "memory", "1M", "rdelay=60");
        NbdClient client =
            NbdClient.connect(
                server.address(),
                new NbdClient.Settings(Duration.ofSeconds(10), Duration.ofMillis(300)))) {
      var e = assertThrows(IOException.class, () -> client.read(ByteBuffer.allocate(512), 0));
      assertTrue(String.valueOf(e.getMessage()).contains("did not answer READ"), e.getMessage());
      assertThrows(IOException.class, client::flush);
    }
  }

  @Test
  void aServerThatDiesFailsWhatIsUnderWay() throws Exception {
    try (Running server = programs.nbdkit("--filter=delay", "memory", "1M", "rdelay=60");
        NbdClient client = connect(server);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> results = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        results.add(
            threads.submit(
                () -> {
                  client.read(ByteBuffer.allocate(512), 0);
                  return null;
                }));
      }
      client.write(ByteBuffer.allocate(512), 0);
      server.close();
      for (Future<?> result : results) {
        var e = assertThrows(ExecutionException.class, result::get);
        assertTrue(
            String.valueOf(e.getMessage()).contains("the NBD connection is lost"), e.getMessage());
      }
    }
  }

  @Test
  void anUnknownExportIsRefusedByName() throws IOException {
    // nbdkit's own exportname filter is strict about names.
    try (Running server =
        programs.nbdkit(
            "--filter=exportname", "memory", "1M", "exportname=a", "exportname-strict=true")) {
      var wrong = new NbdAddress.Unix(server.address().path(), "b");
      var e =
          assertThrows(
              IOException.class, () -> NbdClient.connect(wrong, NbdClient.Settings.DEFAULT));
      assertTrue(String.valueOf(e.getMessage()).contains("\"b\""), e.getMessage());
      var right = new NbdAddress.Unix(server.address().path(), "a");
      try (NbdClient client = NbdClient.connect(right, NbdClient.Settings.DEFAULT)) {
        assertEquals(1 << 20, client.size());
      }
    }
  }
}
