package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.testing.EvilText;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RelayedFramesTest {
  @Test
  void whyTheRelayClosesIsFitForTerminals() {
    EmbeddedChannel channel = new EmbeddedChannel(new RelayedFrames(1000));
    IOException ended =
        assertThrows(
            IOException.class,
            () -> channel.writeInbound(new CloseWebSocketFrame(1000, EvilText.TEXT)));
    EvilText.assertHarmless(String.valueOf(ended.getMessage()));
  }
}
