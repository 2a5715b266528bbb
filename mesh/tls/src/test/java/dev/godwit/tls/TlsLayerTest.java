package dev.godwit.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.Path;
import dev.godwit.testing.Patience;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** TLS and the multiplexer over channels that are no sockets. */
@Timeout(30)
class TlsLayerTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Path RELAYED = new Path(Path.Kind.RELAY, "tls", "a relay");

  private final Identity alice = Identity.generate(RANDOM);
  private final Identity bob = Identity.generate(RANDOM);

  /**
   * One for each side: on one and the same, a channel of this kind reads within its peer's write.
   */
  private final List<EventLoopGroup> loops =
      List.of(
          new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory()),
          new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory()));

  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  private final List<Channel> channels = new ArrayList<>();

  @AfterEach
  void stop() {
    for (Channel channel : channels) {
      channel.close().awaitUninterruptibly();
    }
    for (EventLoopGroup loop : loops) {
      loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }

  private static TlsLayer layer(Identity identity, SslProvider provider) throws IOException {
    return new TlsLayer(identity, Patience.seconds(30), InstantSource.system(), RANDOM, provider);
  }

  private static TlsLayer layer(Identity identity) throws IOException {
    return new TlsLayer(identity, Patience.seconds(30), InstantSource.system(), RANDOM);
  }

  /** A channel without any handler, both of whose ends are active. */
  private Channel[] pipe() throws Exception {
    CompletableFuture<Channel> there = new CompletableFuture<>();
    Channel listening =
        new ServerBootstrap()
            .group(loops.getFirst())
            .channel(LocalServerChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    there.complete(channel);
                  }
                })
            .bind(LocalAddress.ANY)
            .sync()
            .channel();
    channels.add(listening);
    Channel here =
        new Bootstrap()
            .group(loops.getLast())
            .channel(LocalChannel.class)
            .handler(new ChannelInboundHandlerAdapter())
            .connect(listening.localAddress())
            .sync()
            .channel();
    channels.add(here);
    channels.add(there.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
    return new Channel[] {here, there.join()};
  }

  private Connection connect(TlsLayer here, TlsLayer there, NodeId wanted) throws Exception {
    Channel[] ends = pipe();
    CompletableFuture<Connection> dialled = new CompletableFuture<>();
    ends[1].pipeline().addLast(there.accepting(channel -> RELAYED, accepted::add));
    ends[0].pipeline().addLast(here.dialling(wanted, channel -> RELAYED, dialled));
    return dialled.orTimeout(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS).join();
  }

  private static void echo(Connection here, Connection there) throws IOException {
    there.serve(
        stream -> {
          ByteBuffer bytes = ByteBuffer.allocate(5);
          stream.readFully(bytes);
          stream.write(bytes.flip());
          stream.finish();
        });
    try (ByteStream stream = here.open(Urgency.DEMAND)) {
      stream.timeout(Patience.seconds(60));
      stream.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}));
      stream.finish();
      ByteBuffer back = ByteBuffer.allocate(5);
      stream.readFully(back);
      assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}), back.flip());
      assertEquals(-1, stream.read(ByteBuffer.allocate(1)));
    }
  }

  private Connection accepted() throws InterruptedException {
    Connection connection = accepted.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    assertTrue(connection != null, "nothing was accepted");
    return connection;
  }

  @Test
  void worksOverAnActiveChannelThatIsNoSocket() throws Exception {
    Connection here = connect(layer(alice), layer(bob), bob.id());
    Connection there = accepted();
    assertEquals(bob.id(), here.peer());
    assertEquals(alice.id(), there.peer());
    assertEquals(RELAYED, here.path());
    echo(here, there);
    here.close("done");
    assertEquals(
        "closed by the peer: done",
        there.closed().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
  }

  @ParameterizedTest
  @EnumSource(
      value = SslProvider.class,
      names = {"JDK", "OPENSSL_REFCNT"})
  void bothStacksOfTlsUnderstandEachOther(SslProvider dialling) throws Exception {
    SslProvider other = dialling == SslProvider.JDK ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK;
    Connection here = connect(layer(alice, dialling), layer(bob, other), bob.id());
    echo(here, accepted());
  }

  @Test
  void theNativeStackIsThere() {
    assertTrue(OpenSsl.isAvailable(), () -> String.valueOf(OpenSsl.unavailabilityCause()));
  }

  @Test
  void aDiallerThatFindsSomebodyElseSaysSo() throws Exception {
    Identity mallory = Identity.generate(RANDOM);
    TlsLayer here = layer(alice);
    TlsLayer there = layer(mallory);
    CompletionException failure =
        assertThrows(CompletionException.class, () -> connect(here, there, bob.id()));
    assertTrue(
        String.valueOf(failure.getMessage()).contains(mallory.id().toString()),
        failure::getMessage);
    assertTrue(accepted.isEmpty(), "somebody was accepted");
  }

  @Test
  void aPeerThatTalksNonsenseIsLeft() throws Exception {
    Channel[] ends = pipe();
    ends[1].pipeline().addLast(layer(bob).accepting(channel -> RELAYED, accepted::add));
    var _ = ends[0].writeAndFlush(ends[0].alloc().buffer().writeBytes(new byte[500]));
    assertTrue(ends[0].closeFuture().await(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS));
    assertTrue(accepted.isEmpty(), "somebody was accepted");
  }
}
