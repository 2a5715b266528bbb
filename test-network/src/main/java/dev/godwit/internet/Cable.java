package dev.godwit.internet;

import java.io.IOException;
import java.util.function.Supplier;

/** A link without any delay or loss: two virtual Ethernet interfaces. */
final class Cable implements Link {
  private final Namespace near;
  private final String nearInterface;
  private final Namespace far;
  private final String farInterface;
  private final Supplier<String> route;

  /**
   * A cable that is there.
   *
   * @param near the machine's side
   * @param far the router's side
   * @param route what is routed over it, from there
   */
  Cable(
      Namespace near,
      String nearInterface,
      Namespace far,
      String farInterface,
      Supplier<String> route) {
    this.near = near;
    this.nearInterface = nearInterface;
    this.far = far;
    this.farInterface = farInterface;
    this.route = route;
  }

  @Override
  public void cut() throws IOException {
    // The router forgets its route; the near end keeps everything, and sends into the void.
    far.ip("link set " + farInterface + " down");
  }

  @Override
  public void mend() throws IOException {
    // What waits for an answer to ARP would still arrive.
    near.ip("neigh flush dev " + nearInterface);
    far.ip("link set " + farInterface + " up");
    near.awaitCarrier(nearInterface);
    far.ip("route replace " + route.get() + " dev " + farInterface);
  }
}
