package dev.godwit.node;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import dev.godwit.identity.Octets;
import dev.godwit.membership.Membership;
import dev.godwit.seal.SealedBox;
import dev.godwit.signaling.proto.IntroduceReply;
import dev.godwit.signaling.proto.OfferedResource;
import dev.godwit.signaling.proto.Signal;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/**
 * What a process says of itself: whose it is and what it offers, of that as much at a time as fits
 * into a sealed box.
 */
final class OwnIntroduction {
  /** What a signal has besides. */
  private static final int ENVELOPE = 64;

  private final IntroduceReply bare;
  private final Supplier<Collection<OfferedResource>> offered;

  /**
   * That of a process.
   *
   * @param place of its folder
   * @param offered what it offers now
   */
  OwnIntroduction(Membership own, Octets place, Supplier<Collection<OfferedResource>> offered) {
    this.bare =
        IntroduceReply.newBuilder()
            .setMembership(ByteString.copyFrom(own.encoded()))
            .setPlace(ByteString.copyFrom(place.toByteArray()))
            .build();
    this.offered = offered;
  }

  /** The answer to who asks for the resources after one, or from the first on. */
  Signal after(String name) {
    List<OfferedResource> rest =
        offered.get().stream()
            .filter(resource -> resource.getName().compareTo(name) > 0)
            .sorted(Comparator.comparing(OfferedResource::getName))
            .toList();
    IntroduceReply.Builder reply = bare.toBuilder();
    int room = SealedBox.MAX_BODY_BYTES - ENVELOPE - bare.getSerializedSize();
    for (OfferedResource resource : rest) {
      room -= CodedOutputStream.computeMessageSize(IntroduceReply.RESOURCES_FIELD_NUMBER, resource);
      if (room < 0) {
        reply.setMore(true);
        break;
      }
      reply.addResources(resource);
    }
    return Signal.newBuilder().setIntroduceReply(reply).build();
  }
}
