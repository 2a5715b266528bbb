package dev.godwit.bench;

import dev.godwit.identity.Identity;
import dev.godwit.internet.Host;
import dev.godwit.membership.MeshKey;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.Delivery;
import dev.godwit.signaling.proto.RouteReport;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;

/** Somebody who is logged in at a hub, and has nothing to do there but to be relayed. */
final class RelayLogin implements AutoCloseable {
  private static final int SECONDS = 30;

  private final EventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("login", true), EpollIoHandler.newFactory());
  private final LightNode node;

  private RelayLogin(LightNode node) {
    this.node = node;
  }

  /** Logs in from the host of the hub. */
  static RelayLogin at(HubAddress hub, Host host, Identity identity, SecureRandom random)
      throws Exception {
    LightNode node =
        new LightNode(
            new Credentials(
                identity,
                MeshKey.generate(random).id(),
                InstanceId.random(random),
                SealingKey.generate(random)),
            hub.fingerprint(),
            InstantSource.system(),
            new Silent());
    RelayLogin login = new RelayLogin(node);
    var _ =
        host.call(
            () ->
                new Bootstrap()
                    .group(login.loop)
                    .channel(EpollSocketChannel.class)
                    .handler(node.pipeline(hub, LightNode.trusting(hub)))
                    .connect(new InetSocketAddress(hub.host(), hub.port())));
    var _ = node.loggedIn().get(SECONDS, TimeUnit.SECONDS);
    return login;
  }

  private static final class Silent implements LightNode.Listener {
    @Override
    public void delivered(LightNode to, Delivery delivery) {}

    @Override
    public void reported(LightNode from, RouteReport report) {}
  }

  RelayPass pass() {
    return node.pass();
  }

  @Override
  public void close() throws IOException {
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5000);
  }
}
