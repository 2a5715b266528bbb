package dev.godwit.nbd.kernel;

import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.backend.StagedBackend;
import dev.godwit.nbd.Export;
import dev.godwit.nbd.ExportTable;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdListener;
import dev.godwit.nbd.NbdServer;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.StreamHandler;
import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A server for a guest that behaves as badly as it is told to. */
final class HostServer implements StreamHandler, AutoCloseable {
  static final int SIZE = 16 << 20;
  static final int PIECE = 1 << 20;
  private final MemoryBackend good = new MemoryBackend(SIZE);
  private final StagedBackend stuck = new StagedBackend(SIZE, Latency.REMOTE);
  private volatile StagedBackend.@Nullable Hold hold;
  private final Set<ByteStream> streams = ConcurrentHashMap.newKeySet();
  private final NbdServer server =
      new NbdServer(ExportTable.of(Export.of("good", good), Export.of("stuck", stuck)));
  private volatile CountDownLatch hearing = new CountDownLatch(0);
  private NbdListener listener;

  HostServer() throws IOException {
    this.listener = listen(0);
  }

  private NbdListener listen(int port) throws IOException {
    return NbdListener.open(new NbdAddress.Tcp("127.0.0.1", port, ""), this);
  }

  /** Where it listens, again and again. */
  int port() {
    return ((NbdAddress.Tcp) listener.address()).port();
  }

  @Override
  public void handle(ByteStream stream) throws IOException {
    streams.add(stream);
    try {
      server.handle(new DeafStream(stream, () -> hearing));
    } finally {
      streams.remove(stream);
    }
  }

  /** What a piece of that seed looks like. */
  static byte[] piece(int seed) {
    return Seeds.bytes(new Random(seed), PIECE);
  }

  private void free() {
    StagedBackend.Hold now = hold;
    if (now != null) {
      now.release();
    }
  }

  /** Does what the guest asks for. */
  void perform(String wish) throws IOException {
    if (wish.startsWith("hold ")) {
      String[] words = wish.split(" ", -1);
      check(Integer.parseInt(words[1]), Long.parseLong(words[2]));
      return;
    }
    switch (wish) {
      case "cut" -> streams.forEach(ByteStream::close);
      case "cut one" -> streams.iterator().next().close();
      case "stop" -> listener.close();
      case "start" -> listener = listen(port());
      case "be deaf" -> hearing = new CountDownLatch(1);
      case "hear" -> hearing.countDown();
      case "stick" -> hold = stuck.holdAll();
      case "free" -> free();
      default -> throw new IOException("what is " + wish + "?");
    }
  }

  private void check(int seed, long offset) throws IOException {
    byte[] bytes = new byte[PIECE];
    good.read(ByteBuffer.wrap(bytes), offset);
    if (!Arrays.equals(piece(seed), bytes)) {
      throw new IOException("something else was written");
    }
  }

  @Override
  public void close() throws IOException {
    free();
    hearing.countDown();
    listener.close();
  }
}
