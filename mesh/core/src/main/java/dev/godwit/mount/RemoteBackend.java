package dev.godwit.mount;

import dev.godwit.backend.Backend;
import dev.godwit.backend.OutOfRangeException;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.chunk.FencedException;
import dev.godwit.pull.RangeReader;
import dev.godwit.session.Lane;
import dev.godwit.session.Session;
import dev.godwit.stream.Failures;
import dev.godwit.stream.Interruption;
import dev.godwit.wire.proto.MountRun;
import dev.godwit.wire.proto.MountZeroKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A resource of another node as a backend: every access is a request to its owner, and returns when
 * the owner has answered. Nothing is kept here.
 */
public final class RemoteBackend implements Backend {
  private static final int PART = RangeReader.MAX_BYTES;

  private final MountClient client;
  private final MountClient.Opened opened;
  private final MountClient.Access access;
  private final Duration deadline;
  private final RangeReader reader;
  private final Incarnations incarnations;

  /**
   * The resource that a session is about.
   *
   * @param opened what the owner has let us into
   * @param deadline how long an access may take, with everything that happens to the connection
   */
  public RemoteBackend(
      Session session,
      MountClient client,
      MountClient.Opened opened,
      MountClient.Access access,
      Duration deadline) {
    this.client = client;
    this.opened = opened;
    this.access = access;
    this.deadline = deadline;
    this.reader = new RangeReader(session, deadline);
    this.incarnations = new Incarnations(opened.incarnation());
  }

  @Override
  public long size() {
    return opened.geometry().size();
  }

  @Override
  public void read(ByteBuffer dst, long offset) throws IOException {
    OutOfRangeException.check(offset, dst.remaining(), size());
    int limit = dst.limit();
    long at = offset;
    while (dst.position() < limit) {
      int part = Math.min(PART, limit - dst.position());
      dst.limit(dst.position() + part);
      reader.fetch(dst, at);
      at += part;
    }
    dst.limit(limit);
  }

  private void checkWritable() throws IOException {
    if (access == MountClient.Access.READ) {
      throw new FencedException("it is mounted to be read only");
    }
    incarnations.check();
  }

  @Override
  public void write(ByteBuffer src, long offset) throws IOException {
    checkWritable();
    OutOfRangeException.check(offset, src.remaining(), size());
    long at = offset;
    while (src.hasRemaining()) {
      int part = Math.min(PART, src.remaining());
      ByteBuffer content = src.slice(src.position(), part);
      List<MountRun> runs = List.of(MountRun.newBuilder().setOffset(at).setLength(part).build());
      await(part, answer -> client.write(Lane.DEMAND, opened.generation(), runs, content, answer));
      src.position(src.position() + part);
      at += part;
    }
  }

  @Override
  public void zero(long offset, long length, Holes holes) throws IOException {
    zero(
        offset,
        length,
        switch (holes) {
          case ALLOWED -> MountZeroKind.MOUNT_ZERO_KIND_HOLES;
          case FORBIDDEN -> MountZeroKind.MOUNT_ZERO_KIND_ALLOCATED;
        });
  }

  @Override
  public void trim(long offset, long length) throws IOException {
    zero(offset, length, MountZeroKind.MOUNT_ZERO_KIND_TRIM);
  }

  private void zero(long offset, long length, MountZeroKind kind) throws IOException {
    checkWritable();
    OutOfRangeException.check(offset, length, size());
    if (length > 0) {
      await(
          length,
          answer -> client.zero(Lane.DEMAND, opened.generation(), offset, length, kind, answer));
    }
  }

  @FunctionalInterface
  private interface Asking {
    MountChange ask(MountChange.Answer answer) throws IOException;
  }

  private static final class Waiting implements MountChange.Answer {
    private final CompletableFuture<Long> done = new CompletableFuture<>();

    @Override
    public void done(long incarnation) {
      done.complete(incarnation);
    }

    @Override
    public void failed(IOException cause) {
      done.completeExceptionally(cause);
    }
  }

  private void await(long bytes, Asking asking) throws IOException {
    Waiting waiting = new Waiting();
    MountChange change = asking.ask(waiting);
    try {
      incarnations.wrote(bytes, waiting.done.get(deadline.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      // The bytes are the caller's again: they must not be sent any more.
      client.abandon(change, "a write was not answered in time");
      throw new IOException("no answer to a write within " + deadline.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IOException("a write failed: " + Failures.text(e), e);
    } catch (InterruptedException e) {
      client.abandon(change, "a write was interrupted");
      throw Interruption.passedOn("interrupted while writing", e);
    }
  }

  /** Bytes that were written, and that the owner was not asked to make durable since. */
  long unflushedBytes() {
    return incarnations.unflushed();
  }

  @Override
  public void flush() throws IOException {
    if (access == MountClient.Access.READ) {
      return;
    }
    long before = incarnations.written();
    incarnations.flushed(before, client.flush(opened.generation(), deadline));
  }

  @Override
  public void extents(long offset, long length, ExtentVisitor visitor) throws IOException {
    OutOfRangeException.check(offset, length, size());
    if (length == 0) {
      return;
    }
    ChunkGeometry geometry = opened.geometry();
    int first = geometry.blockAt(offset);
    int end = geometry.blockFrom(offset + length);
    ExtentWalk.of(client.extents(first, end, geometry.blocks()), geometry)
        .visit(offset, length, visitor);
  }

  @Override
  public Latency latency() {
    return Latency.REMOTE;
  }

  /** Does nothing: the session is closed by whoever made it. */
  @Override
  public void close() {}
}
