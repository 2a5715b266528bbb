package dev.godwit.mount;

import com.google.protobuf.MessageLite;
import dev.godwit.session.Lane;
import dev.godwit.session.Request;
import dev.godwit.wire.FrameHeader;
import dev.godwit.wire.FrameReader;
import dev.godwit.wire.proto.MountDone;
import dev.godwit.wire.proto.MountRun;
import dev.godwit.wire.proto.MountWriteRequest;
import dev.godwit.wire.proto.MountZeroKind;
import dev.godwit.wire.proto.MountZeroRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A write, zero or trim that is asked of the owner. */
final class MountChange extends Request {
  /** Hears what became of it. */
  interface Answer {
    /** It was done by this incarnation of the owner, which has not flushed it yet. */
    void done(long incarnation);

    /** It was not done, or only in part. */
    void failed(IOException cause);
  }

  private final MessageLite control;
  private final @Nullable ByteBuffer content;
  private final Answer answer;

  /**
   * Something that is asked.
   *
   * @param content must not change until it is answered or withdrawn
   * @param answer hears once what became of it, on a thread of the session
   */
  private MountChange(
      byte operation, Lane lane, MessageLite control, @Nullable ByteBuffer content, Answer answer) {
    super(operation, lane);
    this.control = control;
    this.content = content;
    this.answer = answer;
  }

  /** Stores bytes at some places, in ascending order. */
  static MountChange write(
      Lane lane, long generation, List<MountRun> runs, ByteBuffer content, Answer answer) {
    MountWriteRequest control =
        MountWriteRequest.newBuilder().setGeneration(generation).addAllRuns(runs).build();
    return new MountChange(MountOperation.WRITE, lane, control, content, answer);
  }

  /** Makes a range read as zeroes, or as anything. */
  static MountChange zero(
      Lane lane, long generation, long offset, long length, MountZeroKind kind, Answer answer) {
    MountZeroRequest control =
        MountZeroRequest.newBuilder()
            .setGeneration(generation)
            .setOffset(offset)
            .setLength(length)
            .setKind(kind)
            .build();
    return new MountChange(MountOperation.ZERO, lane, control, null, answer);
  }

  @Override
  protected MessageLite control() {
    return control;
  }

  @Override
  protected @Nullable ByteBuffer content() {
    return content;
  }

  @Override
  protected void replied(FrameHeader header, ByteBuffer reply, ByteBuffer nothing)
      throws IOException {
    answer.done(FrameReader.parse(MountDone.parser(), reply).getIncarnation());
  }

  @Override
  protected void failed(IOException cause) {
    answer.failed(cause);
  }
}
