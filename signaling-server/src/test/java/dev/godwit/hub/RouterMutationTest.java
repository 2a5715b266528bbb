package dev.godwit.hub;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.godwit.membership.Revocations;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.RelayPass;
import dev.godwit.signaling.proto.FetchRevocations;
import dev.godwit.signaling.proto.FromHub;
import dev.godwit.signaling.proto.Lookup;
import dev.godwit.signaling.proto.PublishRevocations;
import dev.godwit.signaling.proto.Route;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.signaling.proto.WhoIsThere;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RouterMutationTest {

  private static final int ROUNDS = 10_000;

  private final Fixture fixture = new Fixture();
  private final HubLimits limits = HubLimits.defaults().withMessagesPerSecond(1_000_000);
  private final Presence presence = new Presence(limits, fixture.clock);
  private final Router router =
      new Router(
          presence, new RevocationBoard(1 << 20), new RevocationIntake(1 << 20, fixture.clock));
  private final EmbeddedChannel channel = new EmbeddedChannel();

  private Member member(Credentials who) throws Exception {
    VerifiedLogin login =
        new VerifiedLogin(
            who.node(),
            who.mesh(),
            who.instance(),
            who.sealingKey()
                .certificate(
                    who.identity(), who.instance(), Instant.now().plus(Duration.ofHours(1))));
    return presence
        .join(
            login,
            RelayPass.random(fixture.random),
            new Outlet(channel, limits.queuedBytes(), () -> fail("the outlet is full")),
            FromHub.getDefaultInstance())
        .member();
  }

  @Test
  void damagedMessagesAreRefusedAndNothingWorse() throws Exception {
    Credentials me = fixture.credentials(fixture.identity());
    Member member = member(me);
    Credentials other =
        new Credentials(
            fixture.identity(),
            me.mesh(),
            InstanceId.random(fixture.random),
            SealingKey.generate(fixture.random));
    member(other);
    List<byte[]> samples = samples(other);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int served = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] input = mutated(samples.get(random.nextInt(samples.size())), random);
      try {
        router.received(member, ToHub.parseFrom(input));
        served++;
      } catch (InvalidProtocolBufferException | Refused e) {
        assertTrue(String.valueOf(e.getMessage()).length() > 1, () -> "seed " + seed);
      } catch (RuntimeException e) {
        fail("seed " + seed + ", round " + round + ": " + Arrays.toString(input), e);
      }
      channel.runPendingTasks();
      for (Object out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
        ReferenceCountUtil.release(out);
      }
    }
    assertTrue(served > 0, "seed " + seed);
  }

  private List<byte[]> samples(Credentials to) {
    ByteString node = ByteString.copyFrom(to.node().bytes());
    Revocations list =
        Revocations.none(fixture.mesh.id()).revoke(fixture.mesh, to.node(), Instant.now());
    return List.of(
        ToHub.newBuilder()
            .setRoute(
                Route.newBuilder()
                    .setSequence(1)
                    .setToNode(node)
                    .setToInstance(ByteString.copyFrom(to.instance().bytes()))
                    .setBox(ByteString.copyFrom(new byte[100])))
            .build()
            .toByteArray(),
        ToHub.newBuilder()
            .setLookup(Lookup.newBuilder().setSequence(2).addNodes(node).addNodes(node))
            .build()
            .toByteArray(),
        ToHub.newBuilder()
            .setWhoIsThere(WhoIsThere.newBuilder().setSequence(3))
            .build()
            .toByteArray(),
        ToHub.newBuilder()
            .setPublishRevocations(
                PublishRevocations.newBuilder()
                    .setSequence(4)
                    .setVersion(1)
                    .setTotal(list.encoded().length)
                    .setPage(ByteString.copyFrom(list.encoded())))
            .build()
            .toByteArray(),
        ToHub.newBuilder()
            .setFetchRevocations(FetchRevocations.newBuilder().setSequence(5).setOffset(7))
            .build()
            .toByteArray());
  }

  private static byte[] mutated(byte[] sample, Random random) {
    byte[] input = sample.clone();
    for (int i = random.nextInt(4); i >= 0; i--) {
      switch (random.nextInt(3)) {
        case 0 -> input = Arrays.copyOf(input, Math.max(1, random.nextInt(input.length + 8)));
        case 1 -> input[random.nextInt(input.length)] = (byte) random.nextInt();
        default -> input[random.nextInt(input.length)] ^= (byte) (1 << random.nextInt(8));
      }
    }
    return input;
  }
}
