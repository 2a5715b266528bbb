package dev.godwit.pull;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.session.Reply;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.ExtentsReply;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RemoteExtentsTest {
  private static final int BLOCKS = 10;

  private static ByteBuffer page(int from, int to) {
    BlockRuns runs = new BlockRuns();
    runs.add(from, to);
    ByteBuffer page = ByteBuffer.allocate(BlockRuns.MAX_RUN_BYTES * 2);
    int _ = runs.encode(page, 0);
    return page.flip();
  }

  @Test
  void pagesFollowEachOther() throws Exception {
    BlockRuns runs = new BlockRuns();
    RemoteExtents.decode(runs, page(0, 4), BLOCKS);
    RemoteExtents.decode(runs, page(4, BLOCKS), BLOCKS);
    assertEquals(BLOCKS, runs.blocks());
  }

  @Test
  void onlyThePagesOfThePartAreAskedFor() throws Exception {
    List<Integer> asked = new ArrayList<>();
    BlockRuns runs =
        RemoteExtents.collect(
            3,
            5,
            BLOCKS,
            from -> {
              asked.add(from);
              return new Reply(
                  ExtentsReply.newBuilder().setNextBlock(from + 1).build().toByteString(),
                  page(from, from + 1));
            });
    assertEquals(List.of(3, 4), asked);
    assertEquals(2, runs.blocks());
  }

  @Test
  void pagesThatNameBlocksTwiceAreRefusedBeforeTheyFillTheMemory() throws Exception {
    BlockRuns runs = new BlockRuns();
    RemoteExtents.decode(runs, page(0, BLOCKS), BLOCKS);
    assertThrows(ProtocolException.class, () -> RemoteExtents.decode(runs, page(0, 1), BLOCKS));
  }
}
