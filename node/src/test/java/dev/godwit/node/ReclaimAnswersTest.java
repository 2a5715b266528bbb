package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.godwit.node.RawCaller.Outcome;
import dev.godwit.node.proto.ReclaimAnswer;
import dev.godwit.node.proto.ReclaimReply;
import dev.godwit.node.proto.ReclaimRequest;
import dev.godwit.session.TestMesh;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ReclaimAnswersTest {
  @TempDir private Path directory;

  private static ReclaimAnswer asked(AuthorityWorld world, RawCaller caller) throws Exception {
    Outcome.Answered answered =
        assertInstanceOf(
            Outcome.Answered.class,
            caller.ask(
                ReclaimAnswers.PROTOCOL,
                AuthorityWorld.RESOURCE,
                ReclaimAnswers.ASK,
                ReclaimRequest.newBuilder()
                    .setMigration(world.moved.bytes())
                    .setResource(AuthorityWorld.RESOURCE)
                    .build(),
                null));
    return ReclaimReply.parseFrom(answered.control()).getAnswer();
  }

  /** A disk is called otherwise after a restart; what is remembered of it stays in the home. */
  @Test
  void aMoveOntoADiskThatHasAnotherNameByNowIsKnown() throws Exception {
    try (AuthorityWorld world = new AuthorityWorld(directory)) {
      TestMesh.Member carol = world.trusted("carol");
      world.pullFrom(carol, directory.resolve("sdb"), directory.resolve("serial-7"));
      assertEquals(ReclaimAnswer.RECLAIM_ANSWER_GIVEN_UP, asked(world, world.greeted(carol)));
    }
  }

  /** A copy of a node may know nothing while the node itself runs the program. */
  @Test
  void whoRunsTheProgramCountsMoreThanWhoDoesNotKnowOfIt() {
    List<ReclaimAnswer> lightestFirst =
        List.of(
            ReclaimAnswer.RECLAIM_ANSWER_UNKNOWN,
            ReclaimAnswer.RECLAIM_ANSWER_GIVEN_UP,
            ReclaimAnswer.RECLAIM_ANSWER_HERE,
            ReclaimAnswer.RECLAIM_ANSWER_PARTLY_HERE,
            ReclaimAnswer.RECLAIM_ANSWER_IN_USE);
    for (int light = 0; light < lightestFirst.size(); light++) {
      for (int heavy = light; heavy < lightestFirst.size(); heavy++) {
        ReclaimAnswer expected = lightestFirst.get(heavy);
        assertEquals(expected, Reclaiming.heavier(lightestFirst.get(light), expected));
        assertEquals(expected, Reclaiming.heavier(expected, lightestFirst.get(light)));
      }
    }
  }
}
