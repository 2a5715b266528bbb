package dev.godwit.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.godwit.testing.ArrayStream;
import dev.godwit.wire.proto.AbortRequest;
import dev.godwit.wire.proto.DeclineRequest;
import dev.godwit.wire.proto.DescribeReply;
import dev.godwit.wire.proto.DirtyList;
import dev.godwit.wire.proto.DirtyPageRequest;
import dev.godwit.wire.proto.Empty;
import dev.godwit.wire.proto.ExtentsReply;
import dev.godwit.wire.proto.ExtentsRequest;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.FinalizeReply;
import dev.godwit.wire.proto.FinalizeRequest;
import dev.godwit.wire.proto.Hello;
import dev.godwit.wire.proto.Lane;
import dev.godwit.wire.proto.ReleaseRequest;
import dev.godwit.wire.proto.RoundReply;
import dev.godwit.wire.proto.RoundRequest;
import dev.godwit.wire.proto.StreamOpen;
import dev.godwit.wire.proto.TrackReply;
import dev.godwit.wire.proto.TrackRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The frames in {@code vectors/*.hex}, from which another implementation can be checked. */
final class VectorsTest {
  private static final ByteString MIGRATION = bytes(0x10);
  private static final ByteString TOKEN = bytes(0x20);
  private static final ByteString SESSION = bytes(0x30);

  /** Runs 3 to 5 and 300 to 301 of a list of blocks. */
  private static final String RUNS = "0302a70201";

  private static final Map<String, Vector> VECTORS = vectors();

  private record Vector(FrameHeader header, MessageLite control, ByteString content) {}

  private static ByteString bytes(int first) {
    byte[] bytes = new byte[16];
    for (int i = 0; i < 16; i++) {
      bytes[i] = (byte) (first + i);
    }
    return ByteString.copyFrom(bytes);
  }

  private static Map<String, Vector> vectors() {
    Map<String, Vector> all = new LinkedHashMap<>();
    put(
        all,
        "hello",
        FrameType.HELLO,
        0,
        Hello.newBuilder()
            .setVersionMin(1)
            .setVersionMax(1)
            .setMembership(ByteString.copyFromUtf8("(certificate)"))
            .setRevocationsVersion(7)
            .setSoftware("godwit 1.0")
            .build());
    put(all, "open-demand", FrameType.OPEN, 0, open(Lane.LANE_DEMAND));
    put(all, "open-bulk", FrameType.OPEN, 0, open(Lane.LANE_BULK));
    put(
        all,
        "failure-stream",
        FrameType.FAILURE,
        0,
        failure(Failure.Code.NOT_A_MEMBER, "greet first"));
    put(all, "failure-request", FrameType.FAILURE, 2, failure(Failure.Code.BUSY, "later"));
    put(all, "request-describe", FrameType.REQUEST, 1, Empty.getDefaultInstance());
    put(
        all,
        "reply-describe",
        FrameType.REPLY,
        1,
        DescribeReply.newBuilder()
            .setSize(1_000_003)
            .setBlockSize(4096)
            .setChunkSize(65536)
            .setGeneration(1)
            .setState("idle")
            .setDataBytes(8192)
            .build());
    put(
        all,
        "request-track",
        FrameType.REQUEST,
        2,
        TrackRequest.newBuilder().setMigration(MIGRATION).build());
    put(all, "reply-track", FrameType.REPLY, 2, TrackReply.newBuilder().setGeneration(1).build());
    put(
        all,
        "request-extents",
        FrameType.REQUEST,
        3,
        ExtentsRequest.newBuilder().setMigration(MIGRATION).setFromBlock(7).build());
    put(
        all,
        "reply-extents",
        FrameType.REPLY,
        3,
        ExtentsReply.newBuilder().setNextBlock(245).build(),
        RUNS);
    put(
        all,
        "request-read",
        FrameType.REQUEST,
        4,
        Empty.getDefaultInstance(),
        "0000000000003000" + "00000008" + "00000000000f4000" + "00000003");
    put(
        all,
        "reply-read-raw",
        FrameType.REPLY,
        4,
        Empty.getDefaultInstance(),
        "0102030405060708090a0b");
    put(all, "reply-read-zero", FrameType.REPLY, 4, Empty.getDefaultInstance());
    Objects.requireNonNull(all.get("reply-read-zero")).header().content(Encoding.ZERO, 0, 11, 0);
    put(
        all,
        "request-round",
        FrameType.REQUEST,
        5,
        RoundRequest.newBuilder().setMigration(MIGRATION).setRound(1).build());
    put(
        all,
        "reply-round",
        FrameType.REPLY,
        5,
        RoundReply.newBuilder().setRound(1).setDirty(list(2)).build(),
        RUNS);
    put(
        all,
        "request-dirty-page",
        FrameType.REQUEST,
        6,
        DirtyPageRequest.newBuilder().setMigration(MIGRATION).setRound(1).setFromRun(2).build());
    put(all, "reply-dirty-page", FrameType.REPLY, 6, list(4), RUNS);
    put(
        all,
        "request-finalize",
        FrameType.REQUEST,
        7,
        FinalizeRequest.newBuilder().setMigration(MIGRATION).setToken(TOKEN).build());
    put(
        all,
        "reply-finalize",
        FrameType.REPLY,
        7,
        FinalizeReply.newBuilder()
            .setGeneration(2)
            .setDirty(list(2))
            .setSuspendMicros(1500)
            .setFlushMicros(700)
            .setJournalMicros(300)
            .build(),
        RUNS);
    put(
        all,
        "request-release",
        FrameType.REQUEST,
        8,
        ReleaseRequest.newBuilder().setMigration(MIGRATION).setToken(TOKEN).build());
    put(all, "reply-release", FrameType.REPLY, 8, Empty.getDefaultInstance());
    put(
        all,
        "request-decline",
        FrameType.REQUEST,
        9,
        DeclineRequest.newBuilder()
            .setMigration(MIGRATION)
            .setToken(TOKEN)
            .setReason("no such program")
            .build());
    put(
        all,
        "request-abort",
        FrameType.REQUEST,
        10,
        AbortRequest.newBuilder().setMigration(MIGRATION).setReason("disk full").build());
    return all;
  }

  private static StreamOpen open(Lane lane) {
    return StreamOpen.newBuilder()
        .setProtocol("godwit/migration/1")
        .setSession(SESSION)
        .setLane(lane)
        .setResource("disk")
        .build();
  }

  private static Failure failure(Failure.Code code, String message) {
    return Failure.newBuilder().setCode(code).setMessage(message).build();
  }

  private static DirtyList list(int next) {
    return DirtyList.newBuilder().setBlocks(3).setRuns(4).setNextRun(next).build();
  }

  private static void put(
      Map<String, Vector> all, String name, FrameType type, int operation, MessageLite control) {
    put(all, name, type, operation, control, "");
  }

  private static void put(
      Map<String, Vector> all,
      String name,
      FrameType type,
      int operation,
      MessageLite control,
      String content) {
    byte[] bytes = HexFormat.of().parseHex(content);
    FrameHeader header = new FrameHeader().set(type, (byte) operation, operation == 0 ? 0 : 258);
    header.content(
        Encoding.RAW, bytes.length, bytes.length, new Checksum().of(ByteBuffer.wrap(bytes)));
    all.put(name, new Vector(header, control, ByteString.copyFrom(bytes)));
  }

  static Set<String> names() {
    return VECTORS.keySet();
  }

  private static byte[] stored(String name) throws IOException {
    String resource = "/vectors/" + name + ".hex";
    try (@Nullable InputStream in = VectorsTest.class.getResourceAsStream(resource)) {
      String text =
          new String(Objects.requireNonNull(in, resource).readAllBytes(), StandardCharsets.UTF_8);
      String hex =
          text.lines()
              .filter(line -> !line.startsWith("#"))
              .collect(Collectors.joining())
              .replaceAll("\\s", "");
      return HexFormat.of().parseHex(hex);
    }
  }

  private static Vector vector(String name) {
    return Objects.requireNonNull(VECTORS.get(name));
  }

  @ParameterizedTest
  @MethodSource("names")
  void isWrittenAsItsVector(String name) throws IOException {
    Vector vector = vector(name);
    ArrayStream out = new ArrayStream(new byte[0], 1);
    new FrameWriter(out)
        .write(vector.header(), vector.control(), vector.content().asReadOnlyByteBuffer());
    assertEquals(HexFormat.of().formatHex(stored(name)), HexFormat.of().formatHex(out.written()));
  }

  @ParameterizedTest
  @MethodSource("names")
  void isReadFromItsVector(String name) throws IOException {
    Vector vector = vector(name);
    FrameReader reader = new FrameReader(new ArrayStream(stored(name), 5), Limits.STANDARD);
    assertTrue(reader.next());
    FrameHeader header = reader.header();
    assertEquals(vector.header().type(), header.type());
    assertEquals(vector.header().operation(), header.operation());
    assertEquals(vector.header().encoding(), header.encoding());
    assertEquals(vector.header().requestId(), header.requestId());
    assertEquals(vector.header().contentLength(), header.contentLength());
    assertEquals(vector.control(), reader.control(vector.control().getParserForType()));
    ByteBuffer content = ByteBuffer.allocateDirect(100);
    reader.content(content);
    assertEquals(vector.content().asReadOnlyByteBuffer(), content);
    assertTrue(header.encoding() == Encoding.ZERO || reader.verifies(content));
    assertFalse(reader.next());
  }

  @Test
  void everyVectorIsChecked() throws Exception {
    Path directory =
        Path.of(Objects.requireNonNull(VectorsTest.class.getResource("/vectors")).toURI());
    try (Stream<Path> files = Files.list(directory)) {
      Set<String> stored =
          files
              .map(file -> file.getFileName().toString())
              .filter(file -> file.endsWith(".hex"))
              .map(file -> file.substring(0, file.length() - 4))
              .collect(Collectors.toCollection(TreeSet::new));
      assertArrayEquals(new TreeSet<>(names()).toArray(), stored.toArray());
    }
  }
}
