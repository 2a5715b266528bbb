package dev.godwit.bench;

import dev.godwit.identity.Identity;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.MeshKey;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Many nodes at a hub on this machine. They come from many loopback addresses, as few from each as
 * the hub's limits for an address allow, and belong to meshes of a hundred.
 */
final class HubCrowd implements AutoCloseable {
  private static final int PER_ADDRESS = 125;
  private static final int PER_MESH = 100;
  private static final int AT_A_TIME = 32;
  private static final int LOOPS = 2;
  private static final Duration LOGIN = Duration.ofSeconds(60);
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

  private final EventLoopGroup loops;
  private final List<LightNode> nodes;

  private HubCrowd(EventLoopGroup loops, List<LightNode> nodes) {
    this.loops = loops;
    this.nodes = nodes;
  }

  /**
   * Logs all of them in.
   *
   * @throws IOException when one cannot, with the reason
   */
  static HubCrowd gather(HubAddress hub, int size, LightNode.Listener listener, SecureRandom random)
      throws IOException, InterruptedException {
    SslContext tls = LightNode.trusting(hub);
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            LOOPS, new DefaultThreadFactory("crowd", true), EpollIoHandler.newFactory());
    HubCrowd crowd = new HubCrowd(loops, new ArrayList<>(size));
    try {
      crowd.logIn(hub, size, listener, random, tls);
      return crowd;
    } catch (IOException | InterruptedException | RuntimeException e) {
      crowd.close();
      throw e;
    }
  }

  private void logIn(
      HubAddress hub, int size, LightNode.Listener listener, SecureRandom random, SslContext tls)
      throws IOException, InterruptedException {
    Semaphore free = new Semaphore(AT_A_TIME);
    List<CompletableFuture<LightNode>> logins = new ArrayList<>();
    MeshId mesh = MeshKey.generate(random).id();
    for (int i = 0; i < size; i++) {
      if (i % PER_MESH == 0) {
        mesh = MeshKey.generate(random).id();
      }
      LightNode node =
          new LightNode(
              new Credentials(
                  Identity.generate(random),
                  mesh,
                  InstanceId.random(random),
                  SealingKey.generate(random)),
              hub.fingerprint(),
              InstantSource.system(),
              listener);
      if (!free.tryAcquire(LOGIN.toSeconds(), TimeUnit.SECONDS)) {
        throw new IOException("the hub lets nobody in any more, after " + i + " nodes");
      }
      logins.add(node.loggedIn().whenComplete((done, failed) -> free.release()));
      nodes.add(node);
      connect(hub, i / PER_ADDRESS, tls, node);
    }
    for (CompletableFuture<LightNode> login : logins) {
      try {
        login.get(LOGIN.toSeconds(), TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        throw new IOException("a node cannot log in: " + e.getCause(), e);
      } catch (TimeoutException e) {
        throw new IOException("a node cannot log in in time", e);
      }
    }
  }

  /** Connects from the loopback address with that number. */
  private void connect(HubAddress hub, int number, SslContext tls, LightNode node) {
    InetSocketAddress from =
        new InetSocketAddress(
            InetAddress.ofLiteral("127.0." + (1 + number / 250) + "." + (1 + number % 250)), 0);
    new Bootstrap()
        .group(loops)
        .channel(EpollSocketChannel.class)
        .handler(node.pipeline(hub, tls))
        .connect(new InetSocketAddress(hub.host(), hub.port()), from)
        .addListener(
            done -> {
              if (!done.isSuccess()) {
                node.loggedIn().completeExceptionally(done.cause());
              }
            });
  }

  /** All of them, in the order in which they came. */
  List<LightNode> nodes() {
    return nodes;
  }

  @Override
  public void close() {
    loops
        .shutdownGracefully(0, CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(2 * CLOSE_PATIENCE.toMillis());
  }
}
