package dev.godwit.nbd;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.godwit.nbd.Negotiated.Allocation;
import dev.godwit.nbd.Negotiated.Replies;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.StreamTimeoutException;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of the fixed newstyle handshake: answers options until the client has chosen an
 * export or left. A bad option is answered and forgotten; only what makes the rest unreadable ends
 * the connection. For one thread.
 */
final class Negotiation {
  /** The longest option that is understood: names and queries at their limit, with room. */
  static final int MAX_OPTION = 64 << 10;

  /** A longer option than this ends the connection instead of being read and refused. */
  static final int SKIPPED_OPTION = 1 << 20;

  private final ByteStream stream;
  private final ExportTable exports;
  private final NbdLimits limits;
  private final InstantSource clock;
  private final Instant deadline;
  private final ByteBuffer in = ByteBuffer.allocate(MAX_OPTION);
  private final ByteBuffer out = ByteBuffer.allocate(16 << 10);

  private Replies replies = Replies.SIMPLE;

  /** The export that the metadata contexts were selected for. */
  private @Nullable String contextExport;

  private boolean zeroesWanted = true;

  Negotiation(ByteStream stream, ExportTable exports, NbdLimits limits, InstantSource clock) {
    this.stream = stream;
    this.exports = exports;
    this.limits = limits;
    this.clock = clock;
    this.deadline = clock.instant().plus(limits.handshake());
  }

  /**
   * Negotiates.
   *
   * @return what was agreed on, or nothing when the client left without choosing
   * @throws ProtocolException when the client does not speak the protocol
   * @throws StreamTimeoutException when the client took too long
   * @throws IOException when the connection failed
   */
  Optional<Negotiated> run() throws IOException {
    out.clear()
        .putLong(Protocol.NBD_MAGIC)
        .putLong(Protocol.OPTION_MAGIC)
        .putShort((short) (Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES));
    send();
    int clientFlags = take(4).getInt();
    if ((clientFlags & ~(Protocol.FIXED_NEWSTYLE | Protocol.NO_ZEROES)) != 0) {
      throw new ProtocolException("unknown client flags 0x" + Integer.toHexString(clientFlags));
    }
    zeroesWanted = (clientFlags & Protocol.NO_ZEROES) == 0;
    for (int i = 0; i < limits.options(); i++) {
      ByteBuffer header = take(16);
      if (header.getLong() != Protocol.OPTION_MAGIC) {
        throw new ProtocolException("wrong option magic");
      }
      int option = header.getInt();
      long length = header.getInt() & 0xffffffffL;
      Step step = option(option, length);
      if (step instanceof Step.Chosen(Negotiated negotiated)) {
        return Optional.of(negotiated);
      }
      if (step instanceof Step.Left) {
        return Optional.empty();
      }
    }
    throw new ProtocolException("more than " + limits.options() + " options");
  }

  /** What an option led to. */
  private sealed interface Step {
    record Next() implements Step {}

    record Left() implements Step {}

    record Chosen(Negotiated negotiated) implements Step {}
  }

  private static final Step NEXT = new Step.Next();

  private Step option(int option, long length) throws IOException {
    if (length > SKIPPED_OPTION) {
      throw new ProtocolException("an option of " + length + " bytes");
    }
    if (length > MAX_OPTION) {
      if (option == Protocol.OPT_EXPORT_NAME) {
        throw new ProtocolException("an export name of " + length + " bytes");
      }
      for (long left = length; left > 0; left -= MAX_OPTION) {
        var _ = take((int) Math.min(left, MAX_OPTION));
      }
      return refuse(option, Protocol.REP_ERR_TOO_BIG, "the option is too long");
    }
    ByteBuffer data = take((int) length);
    try {
      return switch (option) {
        case Protocol.OPT_EXPORT_NAME -> exportName(data);
        case Protocol.OPT_ABORT -> {
          reply(option, Protocol.REP_ACK);
          yield new Step.Left();
        }
        case Protocol.OPT_LIST -> list(data);
        case Protocol.OPT_STARTTLS ->
            refuse(option, Protocol.REP_ERR_UNSUP, "TLS is not offered here");
        case Protocol.OPT_INFO, Protocol.OPT_GO -> infoOrGo(option, data);
        case Protocol.OPT_STRUCTURED_REPLY -> {
          empty(data);
          replies = Replies.STRUCTURED;
          reply(option, Protocol.REP_ACK);
          yield NEXT;
        }
        case Protocol.OPT_LIST_META_CONTEXT, Protocol.OPT_SET_META_CONTEXT ->
            metaContext(option, data);
        default -> refuse(option, Protocol.REP_ERR_UNSUP, "option " + option + " is unknown");
      };
    } catch (BadOptionException e) {
      return refuse(option, e.reply, String.valueOf(e.getMessage()));
    }
  }

  private Step exportName(ByteBuffer data) throws IOException {
    String name;
    try {
      name = string(data, data.remaining());
    } catch (BadOptionException e) {
      // This option has no error reply.
      throw new ProtocolException(e.getMessage());
    }
    Export export =
        exports.find(name).orElseThrow(() -> new ProtocolException("no export \"" + name + "\""));
    out.clear().putLong(export.backend().size()).putShort((short) transmissionFlags(export));
    if (zeroesWanted) {
      out.put(new byte[124]);
    }
    send();
    return chosen(export, name);
  }

  private Step chosen(Export export, String name) {
    // Contexts selected for one export say nothing about another.
    boolean selected = name.equals(contextExport) && replies == Replies.STRUCTURED;
    return new Step.Chosen(
        new Negotiated(export, replies, selected ? Allocation.SELECTED : Allocation.OFF));
  }

  private Step list(ByteBuffer data) throws IOException {
    empty(data);
    for (String name : exports.names()) {
      byte[] bytes = name.getBytes(UTF_8);
      byte[] description = exports.find(name).map(Export::description).orElse("").getBytes(UTF_8);
      header(Protocol.OPT_LIST, Protocol.REP_SERVER, 4 + bytes.length + description.length);
      out.putInt(bytes.length).put(bytes).put(description);
      send();
    }
    reply(Protocol.OPT_LIST, Protocol.REP_ACK);
    return NEXT;
  }

  private Step infoOrGo(int option, ByteBuffer data) throws IOException {
    String name = "";
    boolean nameWanted = false;
    boolean descriptionWanted = false;
    boolean blockSizeWanted = false;
    // Some clients leave out even the two lengths: they want the default export.
    if (data.hasRemaining()) {
      name = string(data, length(data));
      if (data.remaining() < 2) {
        throw new BadOptionException(Protocol.REP_ERR_INVALID, "the option is too short");
      }
      int wanted = data.getShort() & 0xffff;
      if (data.remaining() != 2 * wanted) {
        throw new BadOptionException(
            Protocol.REP_ERR_INVALID, "the option's length does not fit its contents");
      }
      for (int i = 0; i < wanted; i++) {
        switch (data.getShort() & 0xffff) {
          case Protocol.INFO_NAME -> nameWanted = true;
          case Protocol.INFO_DESCRIPTION -> descriptionWanted = true;
          case Protocol.INFO_BLOCK_SIZE -> blockSizeWanted = true;
          default -> {
            // The server sends what it must and ignores questions that it does not know.
          }
        }
      }
    }
    Export export = find(name);
    BlockSizes sizes = export.blockSizes();
    if (option == Protocol.OPT_GO && sizes.minimum() > 1 && !blockSizeWanted) {
      throw new BadOptionException(
          Protocol.REP_ERR_BLOCK_SIZE_REQD,
          "the export has to be used in blocks of " + sizes.minimum() + " bytes");
    }
    header(option, Protocol.REP_INFO, 12);
    out.putShort((short) Protocol.INFO_EXPORT)
        .putLong(export.backend().size())
        .putShort((short) transmissionFlags(export));
    send();
    if (nameWanted) {
      info(option, Protocol.INFO_NAME, export.name());
    }
    if (descriptionWanted && !export.description().isEmpty()) {
      info(option, Protocol.INFO_DESCRIPTION, export.description());
    }
    if (blockSizeWanted) {
      header(option, Protocol.REP_INFO, 14);
      out.putShort((short) Protocol.INFO_BLOCK_SIZE)
          .putInt(sizes.minimum())
          .putInt(sizes.preferred())
          .putInt(sizes.maximum());
      send();
    }
    reply(option, Protocol.REP_ACK);
    return option == Protocol.OPT_GO ? chosen(export, name) : NEXT;
  }

  private void info(int option, int type, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    header(option, Protocol.REP_INFO, 2 + bytes.length);
    out.putShort((short) type).put(bytes);
    send();
  }

  private Step metaContext(int option, ByteBuffer data) throws IOException {
    if (replies == Replies.SIMPLE) {
      throw new BadOptionException(
          Protocol.REP_ERR_INVALID, "structured replies have to be negotiated first");
    }
    String name = string(data, length(data));
    int count = length(data);
    List<String> queries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      queries.add(string(data, length(data)));
    }
    empty(data);
    var _ = find(name);
    boolean listing = option == Protocol.OPT_LIST_META_CONTEXT;
    boolean matched =
        queries.contains(Protocol.BASE_ALLOCATION)
            || (listing && (queries.isEmpty() || queries.contains("base:")));
    if (!listing) {
      contextExport = matched ? name : null;
    }
    if (matched) {
      byte[] context = Protocol.BASE_ALLOCATION.getBytes(UTF_8);
      header(option, Protocol.REP_META_CONTEXT, 4 + context.length);
      out.putInt(listing ? 0 : Protocol.ALLOCATION_CONTEXT_ID).put(context);
      send();
    }
    reply(option, Protocol.REP_ACK);
    return NEXT;
  }

  private Export find(String name) throws BadOptionException {
    return exports
        .find(name)
        .orElseThrow(
            () -> new BadOptionException(Protocol.REP_ERR_UNKNOWN, "no export \"" + name + "\""));
  }

  private int transmissionFlags(Export export) {
    int flags =
        Protocol.HAS_FLAGS
            | Protocol.SEND_FLUSH
            | Protocol.SEND_FUA
            // One backend serves all connections, so a flush on one covers the writes of all.
            | Protocol.CAN_MULTI_CONN
            | Protocol.SEND_CACHE;
    if (replies == Replies.STRUCTURED) {
      flags |= Protocol.SEND_DF;
    }
    return export.access() == Export.Access.READ_ONLY
        ? flags | Protocol.READ_ONLY
        : flags | Protocol.SEND_TRIM | Protocol.SEND_WRITE_ZEROES | Protocol.SEND_FAST_ZERO;
  }

  private static int length(ByteBuffer data) throws BadOptionException {
    if (data.remaining() < 4) {
      throw new BadOptionException(Protocol.REP_ERR_INVALID, "the option is too short");
    }
    int length = data.getInt();
    if (length < 0 || length > data.remaining()) {
      throw new BadOptionException(
          Protocol.REP_ERR_INVALID, "a length is larger than the option that holds it");
    }
    return length;
  }

  private static String string(ByteBuffer data, int length) throws BadOptionException {
    if (length > Protocol.MAX_STRING) {
      throw new BadOptionException(
          Protocol.REP_ERR_TOO_BIG, "a string of more than " + Protocol.MAX_STRING + " bytes");
    }
    ByteBuffer bytes = data.slice(data.position(), length);
    data.position(data.position() + length);
    String text;
    try {
      text = UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new BadOptionException(Protocol.REP_ERR_INVALID, "a string that is not UTF-8");
    }
    if (text.indexOf('\0') >= 0) {
      throw new BadOptionException(Protocol.REP_ERR_INVALID, "a string with a NUL");
    }
    return text;
  }

  private static void empty(ByteBuffer data) throws BadOptionException {
    if (data.hasRemaining()) {
      throw new BadOptionException(
          Protocol.REP_ERR_INVALID, "the option carries more than it should");
    }
  }

  private Step refuse(int option, int reply, String message) throws IOException {
    byte[] text = message.getBytes(UTF_8);
    int length = Math.min(text.length, Protocol.MAX_STRING);
    header(option, reply, length);
    out.put(text, 0, length);
    send();
    return NEXT;
  }

  private void reply(int option, int reply) throws IOException {
    header(option, reply, 0);
    send();
  }

  private void header(int option, int reply, int length) {
    out.clear().putLong(Protocol.OPTION_REPLY_MAGIC).putInt(option).putInt(reply).putInt(length);
  }

  private void send() throws IOException {
    boundWait();
    stream.write(out.flip());
  }

  private ByteBuffer take(int bytes) throws IOException {
    in.clear().limit(bytes);
    while (in.hasRemaining()) {
      boundWait();
      if (stream.read(in) < 0) {
        throw new EOFException("the client left during the handshake");
      }
    }
    return in.flip();
  }

  /** A client that sends a byte now and then does not get more time for it. */
  private void boundWait() throws IOException {
    Duration left = Duration.between(clock.instant(), deadline);
    if (!left.isPositive()) {
      throw new StreamTimeoutException("the handshake", limits.handshake());
    }
    stream.timeout(left);
  }

  /** An option that is answered with an error. */
  private static final class BadOptionException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int reply;

    BadOptionException(int reply, String message) {
      super(message);
      this.reply = reply;
    }
  }
}
