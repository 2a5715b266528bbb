package dev.godwit.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.backend.MemoryBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NegotiationTest {
  private static final int SIZE = 1 << 20;

  @TempDir Path directory;
  private ServedExports served;
  private RawClient client;

  @BeforeEach
  void open() throws IOException {
    var disk =
        new Export(
            "disk",
            "the disk",
            new MemoryBackend(SIZE),
            Export.Access.READ_WRITE,
            BlockSizes.DEFAULT);
    served = new ServedExports(directory, disk);
    client = served.raw();
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    served.close();
  }

  @Test
  void listsNamesWithDescriptions() throws IOException {
    var _ = client.greet(3).option(Protocol.OPT_LIST);
    RawClient.OptionReply server = client.optionReply();
    assertEquals(Protocol.REP_SERVER, server.type());
    assertEquals(4, server.data().getInt());
    assertEquals("diskthe disk", server.text());
    assertEquals(Protocol.REP_ACK, client.optionReply().type());
  }

  @Test
  void listWithDataIsInvalid() throws IOException {
    var _ = client.greet(3).option(Protocol.OPT_LIST, (byte) 1);
    assertEquals(Protocol.REP_ERR_INVALID, client.optionReply().type());
  }

  @Test
  void infoAnswersEveryQuestionAndNegotiationGoesOn() throws IOException {
    var _ =
        client
            .greet(3)
            .option(
                Protocol.OPT_INFO,
                RawClient.goData(
                    "disk",
                    Protocol.INFO_NAME,
                    Protocol.INFO_DESCRIPTION,
                    Protocol.INFO_BLOCK_SIZE,
                    4711));
    ByteBuffer export = client.optionReply().data();
    assertEquals(Protocol.INFO_EXPORT, export.getShort());
    assertEquals(SIZE, export.getLong());
    assertTrue((export.getShort() & Protocol.CAN_MULTI_CONN) != 0);
    assertTrue(client.optionReply().text().endsWith("disk"));
    assertTrue(client.optionReply().text().endsWith("the disk"));
    ByteBuffer sizes = client.optionReply().data();
    assertEquals(Protocol.INFO_BLOCK_SIZE, sizes.getShort());
    assertEquals(1, sizes.getInt());
    assertEquals(4096, sizes.getInt());
    assertEquals(32 << 20, sizes.getInt());
    assertEquals(Protocol.REP_ACK, client.optionReply().type());
    assertServes();
  }

  @Test
  void clientFlagsZeroAndAnEmptyGoAreAccepted() throws IOException {
    var _ = client.greet(0).option(Protocol.OPT_GO);
    assertEquals(Protocol.REP_INFO, client.optionReply().type());
    assertEquals(Protocol.REP_ACK, client.optionReply().type());
    var _ = client.request(Protocol.CMD_READ, 0, 5, 0, 16);
    assertEquals(0, client.reply(16).error());
  }

  @Test
  void unknownClientFlagsEndTheConnection() throws IOException {
    var _ = client.greet(4);
    assertTrue(client.ended());
  }

  @Test
  void exportNameIsAnsweredWithZeroesUnlessTheClientDeclinedThem() throws IOException {
    var _ = client.greet(Protocol.FIXED_NEWSTYLE).option(1, "disk".getBytes(UTF_8));
    ByteBuffer answer = client.take(134);
    assertEquals(SIZE, answer.getLong());
    byte[] rest = new byte[124];
    answer.get(10, rest);
    assertArrayEquals(new byte[124], rest);
    assertServesSimple(client);
    try (RawClient other = served.raw()) {
      var _ = other.greet(3).option(Protocol.OPT_EXPORT_NAME);
      assertEquals(SIZE, other.take(10).getLong());
      assertServesSimple(other);
    }
  }

  @Test
  void anUnknownExportEndsExportNameAndFailsGo() throws IOException {
    var _ = client.greet(3).option(Protocol.OPT_GO, RawClient.goData("other"));
    RawClient.OptionReply reply = client.optionReply();
    assertEquals(Protocol.REP_ERR_UNKNOWN, reply.type());
    assertTrue(reply.text().contains("other"));
    var _ = client.option(Protocol.OPT_EXPORT_NAME, "other".getBytes(UTF_8));
    assertTrue(client.ended());
  }

  @Test
  void abortIsAcknowledged() throws IOException {
    var _ = client.greet(3).option(Protocol.OPT_ABORT);
    assertEquals(Protocol.REP_ACK, client.optionReply().type());
    assertTrue(client.ended());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 12, 99, -1, Protocol.OPT_STARTTLS, Protocol.OPT_EXTENDED_HEADERS})
  void unsupportedOptionsAreRefusedWithTheirPayload(int option) throws IOException {
    var _ = client.greet(3).option(option, new byte[1000]);
    RawClient.OptionReply reply = client.optionReply();
    assertEquals(option, reply.option());
    assertEquals(Protocol.REP_ERR_UNSUP, reply.type());
    assertFalse(reply.text().isEmpty());
    assertServes();
  }

  @Test
  void anOptionTooLongIsReadAndRefused() throws IOException {
    var _ = client.greet(3).option(Protocol.OPT_GO, new byte[Negotiation.MAX_OPTION + 1]);
    assertEquals(Protocol.REP_ERR_TOO_BIG, client.optionReply().type());
    assertServes();
  }

  @Test
  void anAbsurdOptionLengthEndsTheConnection() throws IOException {
    var _ = client.greet(3);
    client.put(
        ByteBuffer.allocate(16)
            .putLong(Protocol.OPTION_MAGIC)
            .putInt(Protocol.OPT_LIST)
            .putInt(-1)
            .flip());
    assertTrue(client.ended());
  }

  @Test
  void aWrongOptionMagicEndsTheConnection() throws IOException {
    var _ = client.greet(3);
    client.put(ByteBuffer.allocate(16).putLong(1).putInt(3).putInt(0).flip());
    assertTrue(client.ended());
  }

  @Test
  void lengthsThatDoNotFitAreInvalid() throws IOException {
    var _ = client.greet(3);
    byte[][] malformed = {
      {0, 0, 0},
      {0, 0, 0, 9, 'a'},
      {-1, -1, -1, -1, 0, 0},
      {0, 0, 0, 0},
      {0, 0, 0, 0, 0, 1},
      {0, 0, 0, 0, 0, 0, 7},
      {0, 0, 0, 1, -1, 0, 0},
      {0, 0, 0, 1, 0, 0, 0},
    };
    for (byte[] data : malformed) {
      var _ = client.option(Protocol.OPT_GO, data);
      assertEquals(Protocol.REP_ERR_INVALID, client.optionReply().type(), Arrays.toString(data));
    }
    var _ = client.option(Protocol.OPT_GO, RawClient.goData("x".repeat(5000)));
    assertEquals(Protocol.REP_ERR_TOO_BIG, client.optionReply().type());
    assertServes();
  }

  @Test
  void metaContextsNeedStructuredReplies() throws IOException {
    byte[] data = RawClient.contextData("disk", Protocol.BASE_ALLOCATION);
    var _ = client.greet(3).option(Protocol.OPT_SET_META_CONTEXT, data);
    assertEquals(Protocol.REP_ERR_INVALID, client.optionReply().type());
  }

  @Test
  void metaContextsAreListedByQuery() throws IOException {
    var _ = client.greet(3).option(Protocol.OPT_STRUCTURED_REPLY);
    assertEquals(Protocol.REP_ACK, client.optionReply().type());
    for (String query : new String[] {"base:", Protocol.BASE_ALLOCATION}) {
      var _ = client.option(Protocol.OPT_LIST_META_CONTEXT, RawClient.contextData("disk", query));
      assertTrue(client.optionReply().text().endsWith(Protocol.BASE_ALLOCATION));
      assertEquals(Protocol.REP_ACK, client.optionReply().type());
    }
    var _ = client.option(Protocol.OPT_LIST_META_CONTEXT, RawClient.contextData("disk"));
    assertEquals(Protocol.REP_META_CONTEXT, client.optionReply().type());
    assertEquals(Protocol.REP_ACK, client.optionReply().type());
    var _ = client.option(Protocol.OPT_LIST_META_CONTEXT, RawClient.contextData("disk", "x-y:z"));
    assertEquals(Protocol.REP_ACK, client.optionReply().type());
    var _ = client.option(Protocol.OPT_LIST_META_CONTEXT, RawClient.contextData("nope"));
    assertEquals(Protocol.REP_ERR_UNKNOWN, client.optionReply().type());
    var _ = client.option(Protocol.OPT_LIST_META_CONTEXT, (byte) 0, (byte) 0);
    assertEquals(Protocol.REP_ERR_INVALID, client.optionReply().type());
  }

  @Test
  void aContextSelectedForAnotherNameDoesNotCount() throws IOException {
    var _ = client.greet(3).option(Protocol.OPT_STRUCTURED_REPLY);
    assertEquals(Protocol.REP_ACK, client.optionReply().type());
    byte[] data = RawClient.contextData("disk", Protocol.BASE_ALLOCATION);
    var _ = client.option(Protocol.OPT_SET_META_CONTEXT, data);
    assertEquals(Protocol.REP_ACK, client.lastOptionReply().type());
    var _ = client.option(Protocol.OPT_GO, RawClient.goData(""));
    assertEquals(Protocol.REP_ACK, client.lastOptionReply().type());
    var _ = client.request(Protocol.CMD_BLOCK_STATUS, 0, 1, 0, 4096);
    assertEquals(NbdError.EINVAL.code(), client.reply().error());
  }

  @Test
  void structuredRepliesWithDataAreInvalid() throws IOException {
    var _ = client.greet(3).option(Protocol.OPT_STRUCTURED_REPLY, (byte) 0);
    assertEquals(Protocol.REP_ERR_INVALID, client.optionReply().type());
  }

  @Test
  void goOnWholeBlocksInsistsOnAClientThatKnows() throws IOException {
    Path other = Files.createDirectory(directory.resolve("o"));
    var blocks =
        new Export(
            "",
            "",
            new MemoryBackend(SIZE),
            Export.Access.READ_WRITE,
            new BlockSizes(512, 4096, 1 << 20));
    try (var strict = new ServedExports(other, blocks);
        RawClient raw = strict.raw()) {
      var _ = raw.greet(3).option(Protocol.OPT_GO, RawClient.goData(""));
      assertEquals(Protocol.REP_ERR_BLOCK_SIZE_REQD, raw.optionReply().type());
      var _ = raw.option(Protocol.OPT_GO, RawClient.goData("", Protocol.INFO_BLOCK_SIZE));
      assertEquals(Protocol.REP_ACK, raw.lastOptionReply().type());
      var _ = raw.request(Protocol.CMD_READ, 0, 1, 100, 512);
      assertEquals(NbdError.EINVAL.code(), raw.reply().error());
      var _ = raw.request(Protocol.CMD_READ, 0, 1, 512, 100);
      assertEquals(NbdError.EINVAL.code(), raw.reply().error());
      var _ = raw.request(Protocol.CMD_READ, 0, 1, 512, 512);
      assertEquals(0, raw.reply(512).error());
    }
  }

  @Test
  void aClientThatSaysNothingIsDropped() throws IOException {
    Path other = Files.createDirectory(directory.resolve("o"));
    var impatient = new NbdLimits(Duration.ofMillis(200), 8, 64 << 20, Duration.ofSeconds(10));
    try (var strict = new ServedExports(other, impatient, Export.of("", new MemoryBackend(1)));
        RawClient raw = strict.raw()) {
      var _ = raw.take(18);
      assertTrue(raw.ended());
    }
  }

  @Test
  void endlessOptionsEndTheConnection() throws IOException {
    Path other = Files.createDirectory(directory.resolve("o"));
    var strictLimits = new NbdLimits(Duration.ofSeconds(30), 8, 64 << 20, Duration.ofSeconds(10));
    try (var strict = new ServedExports(other, strictLimits, Export.of("", new MemoryBackend(1)));
        RawClient raw = strict.raw()) {
      var _ = raw.greet(3);
      for (int i = 0; i < 8; i++) {
        var _ = raw.option(77);
        assertEquals(Protocol.REP_ERR_UNSUP, raw.optionReply().type());
      }
      assertTrue(raw.ended());
    }
  }

  private void assertServes() throws IOException {
    var _ = client.option(Protocol.OPT_GO, RawClient.goData("disk"));
    assertEquals(Protocol.REP_ACK, client.lastOptionReply().type());
    assertServesSimple(client);
  }

  private static void assertServesSimple(RawClient raw) throws IOException {
    var _ = raw.request(Protocol.CMD_READ, 0, 9, SIZE - 10, 10);
    RawClient.Reply reply = raw.reply(10);
    assertEquals(9, reply.cookie());
    assertEquals(0, reply.error());
  }
}
