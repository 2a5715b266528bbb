package dev.godwit.internet;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How a machine is attached to its router. For one thread. */
final class Attachment {
  private final Namespace near;
  private final String nearInterface;
  private final Namespace far;
  private final String farInterface;
  private final String gateway;
  private final Link link;
  private @Nullable String address;

  /**
   * Makes both interfaces and what is between them. The machine has no address yet.
   *
   * @param gateway the router's address
   */
  Attachment(
      Namespace near,
      String nearInterface,
      Namespace far,
      String farInterface,
      String gateway,
      Wiring wiring,
      LinkProfile profile)
      throws IOException {
    this.near = near;
    this.nearInterface = nearInterface;
    this.far = far;
    this.farInterface = farInterface;
    this.gateway = gateway;
    this.link = wiring.lay(near, nearInterface, far, farInterface, profile, this::address);
  }

  Link link() {
    return link;
  }

  /** The machine's address. */
  String address() {
    if (address == null) {
      throw new IllegalStateException(near.name() + " has no address yet");
    }
    return address;
  }

  /** Gives the machine another address instead of the one it has. */
  void move(String to) throws IOException {
    List<String> nearLines = new ArrayList<>();
    List<String> farLines = new ArrayList<>();
    nearLines.add("address add " + to + "/32 dev " + nearInterface);
    if (address != null) {
      nearLines.add("address delete " + address + "/32 dev " + nearInterface);
      farLines.add("route delete " + address + "/32 dev " + farInterface);
    }
    nearLines.add("route replace " + gateway + "/32 dev " + nearInterface);
    nearLines.add("route replace default via " + gateway + " dev " + nearInterface);
    farLines.add("route replace " + to + "/32 dev " + farInterface);
    near.ip(nearLines.toArray(String[]::new));
    far.ip(farLines.toArray(String[]::new));
    address = to;
  }
}
