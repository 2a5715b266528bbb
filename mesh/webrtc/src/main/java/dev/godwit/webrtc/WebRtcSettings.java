package dev.godwit.webrtc;

import java.util.List;
import java.util.function.Supplier;

/**
 * How connections are made.
 *
 * @param servers asked for every connection, so that credentials may expire; must not block
 * @param policy which ways a connection may take
 * @param launch how the WebRTC process is started
 */
public record WebRtcSettings(
    Supplier<List<IceServer>> servers, IcePolicy policy, ChildLaunch launch) {

  /** Without servers: only addresses of the machines themselves. */
  public static final WebRtcSettings LOCAL =
      new WebRtcSettings(List::of, IcePolicy.ALL, ChildLaunch.PLAIN);

  /** The same with these servers. */
  public WebRtcSettings with(Supplier<List<IceServer>> other) {
    return new WebRtcSettings(other, policy, launch);
  }

  /** The same with another policy. */
  public WebRtcSettings with(IcePolicy other) {
    return new WebRtcSettings(servers, other, launch);
  }

  /** The same with another start of the WebRTC process. */
  public WebRtcSettings with(ChildLaunch other) {
    return new WebRtcSettings(servers, policy, other);
  }
}
