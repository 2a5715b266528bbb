package dev.godwit.node;

import dev.godwit.identity.NodeId;
import dev.godwit.signaling.proto.IntroduceReply;
import dev.godwit.signaling.proto.OfferedResource;
import dev.godwit.wire.Printable;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects what one process says that it offers, in several answers if need be. */
final class ResourcePages {
  private static final Logger LOG = LoggerFactory.getLogger(ResourcePages.class);

  /** Enough for some ten thousand resources. */
  private static final int MOST = 32;

  private final List<OfferedResource> resources = new ArrayList<>();
  private String last = "";
  private int pages;
  private boolean complete;

  /** After which name to ask on. */
  String last() {
    return last;
  }

  /** Whether nothing more is to be asked for. */
  boolean isComplete() {
    return complete;
  }

  /** All of it. */
  List<OfferedResource> resources() {
    return resources;
  }

  /** Takes one answer. */
  void add(NodeId from, IntroduceReply reply) {
    resources.addAll(presentable(reply.getResourcesList()));
    pages++;
    String end =
        reply.getResourcesCount() == 0
            ? last
            : reply.getResources(reply.getResourcesCount() - 1).getName();
    // Who says that there is more and does not go on would be asked forever.
    boolean goesOn = reply.getMore() && end.compareTo(last) > 0;
    complete = !goesOn || pages == MOST;
    if (complete && reply.getMore()) {
      LOG.warn(
          "{} offers more than can be asked for; {} resources are known of it",
          from.shortForm(),
          resources.size());
    }
    last = end;
  }

  /** What may be shown, and asked for, of what a member says that it offers. */
  static List<OfferedResource> presentable(List<OfferedResource> resources) {
    return resources.stream()
        .filter(resource -> ResourceName.isName(resource.getName()))
        .map(resource -> resource.toBuilder().setState(Printable.text(resource.getState())).build())
        .toList();
  }
}
