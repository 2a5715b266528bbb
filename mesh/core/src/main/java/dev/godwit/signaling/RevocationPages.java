package dev.godwit.signaling;

import com.google.protobuf.ByteString;
import dev.godwit.membership.MembershipException;
import dev.godwit.membership.MeshId;
import dev.godwit.membership.Revocations;
import dev.godwit.signaling.HubException.Reason;
import dev.godwit.signaling.proto.FetchRevocations;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.PublishRevocations;
import dev.godwit.signaling.proto.RevocationsPage;
import dev.godwit.signaling.proto.ToHub;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Brings a mesh's list of revocations to a hub and gets it from there, page by page: a list may be
 * larger than a message. A page is asked for when the one before has come, so that nothing piles up
 * on a slow way. Thread-safe.
 */
final class RevocationPages {
  /** How often a list that changes while it is fetched is begun anew. */
  private static final int ATTEMPTS = 5;

  private final MeshId mesh;
  private final Asking hub;

  /** Asks the hub something. */
  @FunctionalInterface
  interface Asking {
    /** The answer; fails with {@link HubException}. */
    CompletableFuture<FromHub> ask(HubRequests.Request request);
  }

  RevocationPages(MeshId mesh, Asking hub) {
    this.mesh = mesh;
    this.hub = hub;
  }

  /**
   * Gives a list to the hub.
   *
   * @return the version that the hub has then, which may be higher; fails with {@link HubException}
   */
  CompletableFuture<Long> publish(Revocations list) {
    return publish(list, 0);
  }

  private CompletableFuture<Long> publish(Revocations list, int offset) {
    int total = list.asBuffer().remaining();
    int end = Math.min(total, offset + HubProtocol.REVOCATIONS_PAGE_BYTES);
    ByteString page =
        ByteString.copyFrom(list.asBuffer().position(offset).limit(end).slice().asReadOnlyBuffer());
    return hub.ask(
            sequence ->
                ToHub.newBuilder()
                    .setPublishRevocations(
                        PublishRevocations.newBuilder()
                            .setSequence(sequence)
                            .setVersion(list.version())
                            .setTotal(total)
                            .setOffset(offset)
                            .setPage(page))
                    .build())
        .thenCompose(
            answer -> {
              if (!answer.hasPublishReport()) {
                return HubRequests.mismatch(answer);
              }
              long version = answer.getPublishReport().getVersion();
              return version >= list.version() || end == total
                  ? CompletableFuture.completedFuture(version)
                  : publish(list, end);
            });
  }

  /**
   * Gets the list that the hub has.
   *
   * @return proven; empty when the hub has none. Fails with {@link HubException}
   */
  CompletableFuture<Optional<Revocations>> fetch() {
    return fetch(new Fetched(0, ByteString.EMPTY), ATTEMPTS);
  }

  /**
   * What has come so far.
   *
   * @param version of the list; 0 before the first page
   */
  private record Fetched(long version, ByteString bytes) {}

  private CompletableFuture<Optional<Revocations>> fetch(Fetched before, int attempts) {
    return hub.ask(
            sequence ->
                ToHub.newBuilder()
                    .setFetchRevocations(
                        FetchRevocations.newBuilder()
                            .setSequence(sequence)
                            .setOffset(before.bytes().size()))
                    .build())
        .thenCompose(
            answer ->
                answer.hasRevocationsPage()
                    ? fetched(before, answer.getRevocationsPage(), attempts)
                    : HubRequests.mismatch(answer));
  }

  private CompletableFuture<Optional<Revocations>> fetched(
      Fetched before, RevocationsPage page, int attempts) {
    if (page.getVersion() == 0) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    if (before.version() != 0 && page.getVersion() != before.version()) {
      return attempts > 0
          ? fetch(new Fetched(0, ByteString.EMPTY), attempts - 1)
          : failed("The hub's list of revocations changes all the time.");
    }
    int total = page.getTotal();
    // Full pages, so that there is an end to them.
    int wanted = Math.min(HubProtocol.REVOCATIONS_PAGE_BYTES, total - before.bytes().size());
    if (total <= 0
        || total > Revocations.MAX_BYTES
        || wanted <= 0
        || page.getPage().size() != wanted) {
      return failed("The hub's list of revocations makes no sense.");
    }
    ByteString bytes = before.bytes().concat(page.getPage());
    return bytes.size() < total
        ? fetch(new Fetched(page.getVersion(), bytes), attempts)
        : parsed(bytes);
  }

  private CompletableFuture<Optional<Revocations>> parsed(ByteString encoded) {
    try {
      Revocations list = Revocations.parse(encoded.toByteArray());
      return list.mesh().equals(mesh)
          ? CompletableFuture.completedFuture(Optional.of(list))
          : failed("The hub sent the revocations of another mesh: " + list.mesh() + ".");
    } catch (MembershipException e) {
      return CompletableFuture.failedFuture(
          new HubException(
              Reason.PROTOCOL,
              "The hub sent revocations that are not valid: " + e.getMessage(),
              e));
    }
  }

  private static <T> CompletableFuture<T> failed(String why) {
    return CompletableFuture.failedFuture(new HubException(Reason.PROTOCOL, why));
  }
}
