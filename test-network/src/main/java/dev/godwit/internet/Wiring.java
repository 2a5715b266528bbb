package dev.godwit.internet;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Lays the links of one internet, and ends them. */
final class Wiring {
  private final SplittableRandom random;
  private final Deque<ShapedLink> links = new ArrayDeque<>();

  Wiring(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /**
   * Makes an interface in each of two namespaces, with a link between them.
   *
   * @param near the machine's side
   * @param far the router's side
   * @param route what the router sends there, once it is known
   */
  Link lay(
      Namespace near,
      String nearInterface,
      Namespace far,
      String farInterface,
      LinkProfile profile,
      Supplier<String> route)
      throws IOException {
    Link link =
        profile.equals(LinkProfile.PERFECT)
            ? cable(near, nearInterface, far, farInterface, route)
            : shaped(near, nearInterface, far, farInterface, profile);
    return link;
  }

  private static Link cable(
      Namespace near,
      String nearInterface,
      Namespace far,
      String farInterface,
      Supplier<String> route)
      throws IOException {
    near.ip(
        "link add "
            + nearInterface
            + " type veth peer name "
            + farInterface
            + " netns "
            + far.name(),
        "link set " + nearInterface + " up");
    far.ip("link set " + farInterface + " up");
    near.awaitCarrier(nearInterface);
    return new Cable(near, nearInterface, far, farInterface, route);
  }

  private Link shaped(
      Namespace near, String nearInterface, Namespace far, String farInterface, LinkProfile profile)
      throws IOException {
    SplittableRandom own;
    synchronized (links) {
      own = random.split();
    }
    ShapedLink link = ShapedLink.open(near, nearInterface, far, farInterface, profile, own);
    synchronized (links) {
      links.push(link);
    }
    near.ip("link set " + nearInterface + " up");
    far.ip("link set " + farInterface + " up");
    return link;
  }

  private @Nullable ShapedLink next() {
    synchronized (links) {
      return links.poll();
    }
  }

  /** Ends all links, each once; safe for several threads. */
  void close() throws IOException {
    IOException failure = null;
    for (ShapedLink link = next(); link != null; link = next()) {
      try {
        link.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
