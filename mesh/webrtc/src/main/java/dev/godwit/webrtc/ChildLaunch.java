package dev.godwit.webrtc;

import java.util.List;

/**
 * How the WebRTC process is started.
 *
 * @param prefix a command that runs another one, such as {@code ip netns exec NAME}; empty to start
 *     it as it is. It must become that command, so that signals reach it
 * @param options for the process's JVM, after our own
 */
public record ChildLaunch(List<String> prefix, List<String> options) {
  /** As it is. */
  public static final ChildLaunch PLAIN = new ChildLaunch(List.of(), List.of());

  /** Copies the lists. */
  public ChildLaunch {
    prefix = List.copyOf(prefix);
    options = List.copyOf(options);
  }
}
