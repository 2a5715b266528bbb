package dev.godwit.internet;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A link with delay, jitter, loss, reordering, a rate and a queue, made in this process out of two
 * TUN interfaces. It ends with this process.
 *
 * <p>Reading the figures is safe for several threads, everything else for one.
 */
public final class ShapedLink implements Link {
  /** What a link can hold in its interface before this process takes it. */
  private static final int INTERFACE_QUEUE = 4000;

  private final LinkProfile profile;
  private final int near;
  private final int far;
  private final OneWay outward;
  private final OneWay inward;
  private @Nullable Capture capture;
  private boolean closed;

  private ShapedLink(LinkProfile profile, int near, int far, OneWay outward, OneWay inward) {
    this.profile = profile;
    this.near = near;
    this.far = far;
    this.outward = outward;
    this.inward = inward;
  }

  /** Makes both interfaces, which are still down, and starts to serve them. */
  static ShapedLink open(
      Namespace near,
      String nearInterface,
      Namespace far,
      String farInterface,
      LinkProfile profile,
      SplittableRandom random)
      throws IOException {
    List<Integer> opened = new ArrayList<>();
    try {
      int nearTun = near.call(() -> Kernel.openTun(nearInterface));
      opened.add(nearTun);
      int farTun = far.call(() -> Kernel.openTun(farInterface));
      opened.add(farTun);
      near.ip("link set " + nearInterface + " txqueuelen " + INTERFACE_QUEUE);
      far.ip("link set " + farInterface + " txqueuelen " + INTERFACE_QUEUE);
      String name = near.name() + " to " + far.name();
      OneWay outward =
          new OneWay(name, nearTun, farTun, profile, new LinkModel(profile, random.split()));
      OneWay inward =
          new OneWay(
              name + ", back", farTun, nearTun, profile, new LinkModel(profile, random.split()));
      outward.start();
      inward.start();
      return new ShapedLink(profile, nearTun, farTun, outward, inward);
    } catch (IOException | RuntimeException e) {
      for (int fd : opened) {
        Kernel.close(fd);
      }
      throw e;
    }
  }

  /** What it does. */
  public LinkProfile profile() {
    return profile;
  }

  /** Towards the internet. */
  public LinkStats outward() {
    return outward.stats();
  }

  /** From the internet. */
  public LinkStats inward() {
    return inward.stats();
  }

  /**
   * Writes all packets of both directions to a file, from now on until that is closed. There is one
   * capture of a link at a time.
   *
   * @param clock for the packets' times
   */
  public Capture capture(Path file, InstantSource clock) throws IOException {
    if (capture != null) {
      throw new IllegalStateException("this link is captured already");
    }
    Capture started = Capture.open(file, clock, this);
    capture = started;
    outward.show(started.tap());
    inward.show(started.tap());
    return started;
  }

  void endCapture(Capture ending) throws IOException {
    // Another one may have been started since.
    if (ending.equals(capture)) {
      capture = null;
      if (!closed) {
        outward.show(null);
        inward.show(null);
      }
    }
  }

  @Override
  public void cut() throws IOException {
    outward.cut();
    inward.cut();
  }

  @Override
  public void mend() throws IOException {
    outward.mend();
    inward.mend();
  }

  /** Ends it; both interfaces disappear. */
  void close() throws IOException {
    closed = true;
    try {
      try {
        outward.close();
      } finally {
        inward.close();
      }
    } finally {
      try {
        Kernel.close(near);
      } finally {
        Kernel.close(far);
      }
    }
  }
}
