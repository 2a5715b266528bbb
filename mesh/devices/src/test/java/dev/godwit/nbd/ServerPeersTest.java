package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.Backend;
import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.backend.StagedBackend;
import dev.godwit.libc.NativeSparseFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Other people's NBD clients against our server. */
final class ServerPeersTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;
  private Programs programs;

  @BeforeEach
  void programs() {
    programs = new Programs(directory);
  }

  private Backend backend(Latency latency, long size) throws IOException {
    return switch (latency) {
      case MEMORY -> new MemoryBackend(size);
      case LOCAL ->
          FileBackend.create(directory.resolve("disk.raw"), size, NativeSparseFile.opener());
      case REMOTE -> new StagedBackend(size, Latency.REMOTE);
    };
  }

  private Path randomFile(int size) throws IOException {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return Files.write(directory.resolve("random"), bytes);
  }

  private static String sha256(Path file) throws IOException {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      var _ = in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void nbdinfoSeesEveryFeature() throws IOException {
    var backend = new MemoryBackend(1_000_003);
    var export =
        new Export("disk", "two words", backend, Export.Access.READ_WRITE, BlockSizes.DEFAULT);
    try (var served = new ServedExports(directory, export)) {
      String json =
          programs.run("nbdinfo", "--json", served.address("disk").toUri()).succeeded().out();
      String[] expected = {
        "\"protocol\": \"newstyle-fixed\"",
        "\"structured\": true",
        "\"description\": \"two words\"",
        "\"is_read_only\": false",
        "\"can_cache\": true",
        "\"can_df\": true",
        "\"can_fast_zero\": true",
        "\"can_flush\": true",
        "\"can_fua\": true",
        "\"can_multi_conn\": true",
        "\"can_trim\": true",
        "\"can_zero\": true",
        "\"block_size_minimum\": 1",
        "\"block_size_preferred\": 4096",
        "\"block_size_maximum\": 33554432",
        "\"export-size\": 1000003",
        "\"base:allocation\""
      };
      for (String line : expected) {
        assertTrue(json.contains(line), () -> line + " is missing in " + json);
      }
    }
  }

  @Test
  void nbdinfoListsExports() throws IOException {
    var first = Export.of("first", new MemoryBackend(512));
    var second =
        new Export("second", "", new MemoryBackend(0), Export.Access.READ_ONLY, BlockSizes.DEFAULT);
    try (var served = new ServedExports(directory, first, second)) {
      String json = programs.run("nbdinfo", "--list", "--json", served.uri()).succeeded().out();
      assertTrue(json.contains("\"export-name\": \"first\""), json);
      assertTrue(json.contains("\"export-name\": \"second\""), json);
      assertTrue(json.contains("\"is_read_only\": true"), json);
      assertTrue(json.contains("\"export-size\": 0"), json);
      assertFalse(programs.run("nbdinfo", served.address("third").toUri()).status() == 0);
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void nbdinfoMapsHoles(Latency latency) throws IOException {
    try (Backend backend = backend(latency, 4 * MIB);
        var served = new ServedExports(directory, Export.of("", backend))) {
      backend.write(ByteBuffer.allocateDirect(MIB), MIB);
      String map = programs.run("nbdinfo", "--map", served.uri()).succeeded().out();
      List<String> rows = map.lines().map(String::strip).toList();
      assertEquals(3, rows.size(), map);
      assertTrue(rows.get(0).matches("0 +1048576 +3 +hole,zero"), map);
      assertTrue(rows.get(1).matches("1048576 +1048576 +0 +data"), map);
      assertTrue(rows.get(2).matches("2097152 +2097152 +3 +hole,zero"), map);
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void nbdcopyCopiesThereAndBack(Latency latency) throws IOException {
    int size = 9_000_001;
    Path file = randomFile(size);
    Path back = directory.resolve("back");
    try (Backend backend = backend(latency, size);
        var served = new ServedExports(directory, Export.of("", backend))) {
      programs.run("nbdcopy", "--flush", file.toString(), served.uri()).succeeded();
      programs.run("nbdcopy", served.uri(), back.toString()).succeeded();
      assertEquals(sha256(file), sha256(back));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 511, 4095, 4097, MIB + 1})
  void oddSizesAreCopiedWhole(int size) throws IOException {
    Path file = randomFile(size);
    Path back = directory.resolve("back");
    try (Backend backend = new MemoryBackend(size);
        var served = new ServedExports(directory, Export.of("", backend))) {
      String info = programs.run("nbdinfo", "--size", served.uri()).succeeded().out();
      assertEquals(size, Integer.parseInt(info.strip()));
      if (size > 0) {
        programs.run("nbdcopy", file.toString(), served.uri()).succeeded();
        programs.run("nbdcopy", served.uri(), back.toString()).succeeded();
        assertEquals(sha256(file), sha256(back));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void qemuImgConvertsAndCompares(Latency latency) throws IOException {
    int size = 8 * MIB + 512;
    Path file = randomFile(size);
    Path back = directory.resolve("back");
    try (Backend backend = backend(latency, size);
        var served = new ServedExports(directory, Export.of("", backend))) {
      String uri = served.uri();
      programs
          .run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", file.toString(), uri)
          .succeeded();
      programs
          .run("qemu-img", "compare", "-f", "raw", "-F", "raw", file.toString(), uri)
          .succeeded();
      programs
          .run("qemu-img", "convert", "-f", "raw", "-O", "raw", uri, back.toString())
          .succeeded();
      assertEquals(sha256(file), sha256(back));
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void qemuIoFindsThePatternsItWrote(Latency latency) throws IOException {
    try (Backend backend = backend(latency, 4 * MIB);
        var served = new ServedExports(directory, Export.of("", backend))) {
      Programs.Result result =
          programs.run(
              "qemu-io",
              "-f",
              "raw",
              "-c",
              "write -P 0xab 4096 1M",
              "-c",
              "write -f -P 0xcd 3M 8192",
              "-c",
              "flush",
              "-c",
              "read -P 0xab 4096 1M",
              "-c",
              "write -z 8192 4096",
              "-c",
              "write -z -u 64k 64k",
              "-c",
              "read -P 0 8192 4096",
              "-c",
              "read -P 0 64k 64k",
              "-c",
              "read -P 0xab 12288 4096",
              "-c",
              "discard 3M 4096",
              "-c",
              "read -P 0xcd 3149824 4096",
              "-c",
              "aio_write -P 0x11 2M 256k",
              "-c",
              "aio_write -P 0x22 2304k 256k",
              "-c",
              "aio_flush",
              "-c",
              "read -P 0x11 2M 256k",
              "-c",
              "read -P 0x22 2304k 256k",
              served.uri());
      result.succeeded();
      assertFalse(result.out().contains("failed"), result.out());
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void fioVerifiesWhatItWrote(Latency latency) throws IOException {
    try (Backend backend = backend(latency, 32L * MIB);
        var served = new ServedExports(directory, Export.of("", backend))) {
      programs
          .run(
              "fio",
              "--name=verify",
              "--ioengine=nbd",
              "--uri=" + served.uri(),
              "--size=32m",
              "--rw=randwrite",
              "--bsrange=512-128k",
              "--blockalign=512",
              "--iodepth=16",
              "--verify=crc32c",
              "--verify_fatal=1",
              "--do_verify=1",
              "--fsync=64")
          .succeeded();
    }
  }

  @ParameterizedTest
  @EnumSource(Latency.class)
  void hostileClientsGetTheSpecifiedAnswers(Latency latency) throws IOException {
    int size = 1_000_003;
    var writable = Export.of("rw", new StagedBackend(size, latency));
    var readOnly =
        new Export(
            "ro",
            "",
            new StagedBackend(size, latency),
            Export.Access.READ_ONLY,
            BlockSizes.DEFAULT);
    Path script = directory.resolve("hostile.py");
    try (InputStream source =
        Objects.requireNonNull(getClass().getResourceAsStream("hostile.py"))) {
      var _ = Files.copy(source, script);
    }
    try (var served = new ServedExports(directory, writable, readOnly)) {
      Programs.Result result =
          programs
              .run(
                  Map.of("NBD_SOCKET", served.socket(), "NBD_SIZE", Integer.toString(size)),
                  "nbdsh",
                  "-c",
                  "exec(open('" + script + "').read())")
              .succeeded();
      long checks = result.out().lines().filter(line -> line.startsWith("ok ")).count();
      assertEquals(102, checks, result.out());
      try (NbdClient client = served.client("rw")) {
        ByteBuffer data = ByteBuffer.allocate(10);
        client.read(data, 0);
        byte[] bytes = new byte[10];
        data.get(0, bytes);
        assertArrayEquals(new byte[10], bytes);
      }
    }
  }
}
