package dev.godwit.node;

import dev.godwit.libc.Deadline;
import dev.godwit.log.DurableNames;
import dev.godwit.migration.ForwardingHook;
import dev.godwit.migration.ProgramHook;
import dev.godwit.migration.UnfitForHandoverException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A hook of which is remembered, also when this process is killed, that it was asked to stop the
 * program: whoever offers the state next lets it go on. Thread-safe.
 */
final class RememberedStop extends ForwardingHook {
  private static final Duration POLL = Duration.ofMillis(20);

  private final Path mark;
  private final Consumer<IOException> unresumed;
  private volatile boolean stopped;
  private volatile boolean refused;

  /**
   * @param mark a file that is there from before the program is stopped until it goes on, or has
   *     moved
   * @param unresumed hears why the program could not be let go on
   */
  RememberedStop(ProgramHook hook, Path mark, Consumer<IOException> unresumed) {
    super(hook);
    this.mark = mark;
    this.unresumed = unresumed;
  }

  @Override
  public void suspend() throws IOException {
    checkWanted();
    if (stops()) {
      leaveMark();
    }
    stopped = true;
    super.suspend();
    checkWanted();
  }

  private void checkWanted() throws UnfitForHandoverException {
    if (refused) {
      throw new UnfitForHandoverException("it is not offered any more");
    }
  }

  private void leaveMark() throws IOException {
    try {
      Files.createFile(mark);
    } catch (FileAlreadyExistsException e) {
      // It could not be let go on the last time.
      return;
    }
    DurableNames.force(mark);
  }

  @Override
  public void resume() throws IOException {
    try {
      super.resume();
    } catch (IOException e) {
      unresumed.accept(e);
      throw e;
    } finally {
      stopped = false;
    }
    forget();
  }

  /** The program has moved, or goes on: nobody has to do anything for it. */
  void forget() throws IOException {
    if (Files.deleteIfExists(mark)) {
      DurableNames.force(mark);
    }
  }

  /** Whether it was stopped by a process that has not let it go on. */
  boolean isLeft() {
    return Files.exists(mark);
  }

  /**
   * Lets no hand-over begin any more, and waits for one that has: until the program goes on, or has
   * moved.
   *
   * @param moved whether it has
   * @throws IOException when interrupted
   */
  void refuse(BooleanSupplier moved, Duration limit) throws IOException {
    refused = true;
    boolean _ = Deadline.in(limit).await(POLL, () -> !stopped || moved.getAsBoolean());
  }
}
