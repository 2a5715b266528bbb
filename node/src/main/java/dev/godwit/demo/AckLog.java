package dev.godwit.demo;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Outside of the state: which records were acknowledged, and when. Each entry is on its way to the
 * file before the program does anything else, so it survives the program.
 */
final class AckLog implements Closeable {
  private static final int ENTRY = 24;

  private final FileChannel channel;
  private final ByteBuffer entry = ByteBuffer.allocateDirect(ENTRY);

  /** An acknowledged record; the time is in microseconds since 1970. */
  record Ack(RecordFormat.Key key, int slot, long micros) {}

  AckLog(Path file) throws IOException {
    this.channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  void add(Ack ack) throws IOException {
    entry.clear();
    entry
        .putInt(ack.key().epoch())
        .putInt(ack.slot())
        .putLong(ack.key().number())
        .putLong(ack.micros())
        .flip();
    channel.write(entry);
  }

  /** All entries of a log; an incomplete last one is left out. */
  static List<Ack> read(Path file) throws IOException {
    List<Ack> acks = new ArrayList<>();
    if (Files.exists(file)) {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
      while (bytes.remaining() >= ENTRY) {
        int epoch = bytes.getInt();
        int slot = bytes.getInt();
        acks.add(new Ack(new RecordFormat.Key(epoch, bytes.getLong()), slot, bytes.getLong()));
      }
    }
    return acks;
  }

  /** How many entries a log has now. */
  static long count(Path file) throws IOException {
    return Files.exists(file) ? Files.size(file) / ENTRY : 0;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
