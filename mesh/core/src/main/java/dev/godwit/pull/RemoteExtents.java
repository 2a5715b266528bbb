package dev.godwit.pull;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.session.Reply;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.ExtentsReply;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Collects where the data of a resource lies, page by page. */
public final class RemoteExtents {
  private RemoteExtents() {}

  /** Asks for one page. */
  @FunctionalInterface
  public interface Pages {
    /**
     * The page that begins at a block.
     *
     * @throws IOException when there is no answer
     */
    Reply from(int block) throws IOException;
  }

  /**
   * The blocks that may hold something other than zeroes.
   *
   * @param blocks how many the resource has
   * @throws ProtocolException when the answers make no sense
   * @throws IOException when there is none
   */
  public static BlockRuns collect(int blocks, Pages pages) throws IOException {
    return collect(0, blocks, blocks, pages);
  }

  /**
   * As the other one, of a part of the resource; what lies around it may be told, too.
   *
   * @param first the first block that is asked about
   * @param end behind the last one
   * @throws ProtocolException as that
   * @throws IOException as that
   */
  public static BlockRuns collect(int first, int end, int blocks, Pages pages) throws IOException {
    BlockRuns runs = new BlockRuns();
    int from = first;
    while (from < end) {
      Reply reply = pages.from(from);
      decode(runs, reply.content(), blocks);
      int next = reply.control(ExtentsReply.parser()).getNextBlock();
      if (next <= from || next > blocks) {
        throw new ProtocolException("extents go on at block " + next + " after " + from);
      }
      from = next;
    }
    return runs;
  }

  /**
   * Adds the runs of a page.
   *
   * @throws ProtocolException when they are not inside the resource, or there are more of them than
   *     it has blocks
   */
  public static void decode(BlockRuns runs, ByteBuffer content, int blocks)
      throws ProtocolException {
    try {
      runs.decode(content, blocks);
    } catch (IllegalArgumentException e) {
      throw new ProtocolException("malformed list of runs", e);
    }
    if (runs.blocks() > blocks) {
      throw new ProtocolException("a list of runs names blocks twice");
    }
  }
}
