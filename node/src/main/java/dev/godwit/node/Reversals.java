package dev.godwit.node;

import com.google.protobuf.ByteString;
import dev.godwit.path.CheckToken;
import dev.godwit.session.Greeting;
import dev.godwit.stream.Connection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Who waits for connections that peers dial because we asked for it. Thread-safe. */
final class Reversals implements Greeting.Reversal {
  private final Map<ByteString, Consumer<Connection>> waiting = new ConcurrentHashMap<>();

  static ByteString text(CheckToken token) {
    return ByteString.copyFrom(token.value().toByteArray());
  }

  /** From now on, connections with this token are for {@code taker}. */
  void await(CheckToken token, Consumer<Connection> taker) {
    waiting.put(text(token), taker);
  }

  void forget(CheckToken token) {
    waiting.remove(text(token));
  }

  @Override
  public Optional<Consumer<Connection>> find(ByteString token) {
    return Optional.ofNullable(waiting.get(token));
  }
}
