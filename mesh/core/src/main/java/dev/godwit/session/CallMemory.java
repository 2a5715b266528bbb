package dev.godwit.session;

import dev.godwit.stream.BufferPool;
import dev.godwit.wire.FrameWriter;
import dev.godwit.wire.Limits;

/**
 * The memory that calls of peers may hold while they are answered: budgets for each peer and in
 * all, and the buffers themselves. One for all protocols of a node. Thread-safe.
 */
public final class CallMemory {
  private static final long MIB = 1 << 20;

  /** What one answer may hold: its content, and the same compressed. */
  private static final long ANSWER = 2L * Limits.STANDARD.content();

  /** More answers than this are of no use to a single peer. */
  private static final int MOST_ANSWERS_PER_PEER = 96;

  private static final int LEAST_ANSWERS = 8;

  private final PeerBudget answers;
  private final PeerBudget contents;
  private final PeerBudget calls;
  private final BufferPool answerBuffers =
      new BufferPool(FrameWriter.HEADROOM + Limits.STANDARD.content(), 16);
  private final RequestContent.Lender contentBuffers;

  /**
   * Memory.
   *
   * @param answers with content that are under way
   * @param contents of requests, bytes
   * @param calls that are answered side by side, bytes without their contents
   */
  CallMemory(PeerBudget answers, PeerBudget contents, PeerBudget calls) {
    this(answers, contents, calls, new ContentBuffers());
  }

  /**
   * As the other one.
   *
   * @param contentBuffers where buffers for contents of requests come from
   */
  CallMemory(
      PeerBudget answers,
      PeerBudget contents,
      PeerBudget calls,
      RequestContent.Lender contentBuffers) {
    this.answers = answers;
    this.contents = contents;
    this.calls = calls;
    this.contentBuffers = contentBuffers;
  }

  /**
   * So much that most of the memory is left to others.
   *
   * @param memory bytes that the process may use for buffers
   */
  public static CallMemory of(long memory) {
    int answers = Math.clamp(memory / 4 / ANSWER, LEAST_ANSWERS, 1024);
    long contents = Math.clamp(memory / 4, 8 * MIB, 1024 * MIB);
    long calls = Math.clamp(memory / 8, 4 * MIB, 256 * MIB);
    return new CallMemory(
        new PeerBudget("answers", Math.min(MOST_ANSWERS_PER_PEER, answers / 4), answers),
        new PeerBudget("contents of requests", Math.min(96 * MIB, contents / 4), contents),
        new PeerBudget("requests", Math.min(16 * MIB, calls / 4), calls));
  }

  PeerBudget answers() {
    return answers;
  }

  PeerBudget contents() {
    return contents;
  }

  PeerBudget calls() {
    return calls;
  }

  BufferPool answerBuffers() {
    return answerBuffers;
  }

  RequestContent.Lender contentBuffers() {
    return contentBuffers;
  }
}
