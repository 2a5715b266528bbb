package dev.godwit.libc;

import dev.godwit.stream.Interruption;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A call into the kernel that may wait for a file system or a device, and so for ever. It is made
 * on a daemon thread, which is left behind when the time is over: nothing can wake it.
 */
public final class BoundedCall {
  private BoundedCall() {}

  /**
   * Makes a call and waits for its result. For calls whose result nobody has to let go of.
   *
   * @param what for the message of a call that took too long
   * @throws IOException what the call threw, or that it took too long
   */
  public static <T> T run(String what, Duration limit, Callable<T> call) throws IOException {
    return run(what, limit, call, _ -> {});
  }

  /**
   * Makes a call and waits for its result. Either the caller gets it, or {@code undo} does.
   *
   * @param what for the message of a call that took too long
   * @param undo lets go of a result that came after the caller had left; on the call's thread
   * @throws IOException what the call threw, that it took too long, or that the caller was
   *     interrupted
   */
  public static <T> T run(String what, Duration limit, Callable<T> call, Consumer<T> undo)
      throws IOException {
    // Whoever completes it first has settled whose the result is.
    var result = new CompletableFuture<T>();
    var _ = Thread.ofPlatform().daemon().name("bounded-call").start(() -> make(call, result, undo));
    try {
      return result.get(Math.max(0, limit.toNanos()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return leave(
          what,
          result,
          new TooLongException(what + " took longer than " + limit.toMillis() + " ms", e));
    } catch (InterruptedException e) {
      return leave(what, result, Interruption.passedOn(what + ": interrupted", e));
    } catch (ExecutionException e) {
      throw failure(what, e.getCause());
    }
  }

  private static <T> void make(Callable<T> call, CompletableFuture<T> result, Consumer<T> undo) {
    T made;
    try {
      made = call.call();
    } catch (Throwable e) {
      boolean _ = result.completeExceptionally(e);
      return;
    }
    if (!result.complete(made)) {
      undo.accept(made);
    }
  }

  /** The result may have come at the last moment; then it is the caller's. */
  private static <T> T leave(String what, CompletableFuture<T> result, IOException reason)
      throws IOException {
    if (result.completeExceptionally(reason)) {
      throw reason;
    }
    if (result.state() == Future.State.SUCCESS) {
      return result.resultNow();
    }
    throw failure(what, result.exceptionNow());
  }

  private static IOException failure(String what, @Nullable Throwable cause) {
    return switch (cause) {
      case IOException known -> known;
      case RuntimeException known -> throw known;
      case null, default -> new IOException(what + " failed", cause);
    };
  }

  /** A call that did not come back in time. */
  public static final class TooLongException extends IOException {
    private static final long serialVersionUID = 1L;

    TooLongException(String message, TimeoutException cause) {
      super(message, cause);
    }
  }
}
