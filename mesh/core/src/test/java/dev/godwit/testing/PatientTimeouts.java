package dev.godwit.testing;

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Interrupts tests that hang, and what is done before and after them. {@link Timeout} says how long
 * a test may take on an idle machine; without one it is ten minutes. The time is multiplied by the
 * {@link Patience} here: JUnit, whose own time-outs are switched off, cannot.
 */
public final class PatientTimeouts implements InvocationInterceptor {

  /** Longer than any test that says nothing of its own takes. */
  private static final Duration UNSAID = Duration.ofMinutes(10);

  @Override
  public void interceptBeforeAllMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    var _ = inTime(invocation, method);
  }

  @Override
  public void interceptBeforeEachMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    var _ = inTime(invocation, method);
  }

  @Override
  public void interceptAfterEachMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    var _ = inTime(invocation, method);
  }

  @Override
  public void interceptAfterAllMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    var _ = inTime(invocation, method);
  }

  @Override
  public void interceptTestMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    var _ = inTime(invocation, method);
  }

  @Override
  public void interceptTestTemplateMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    var _ = inTime(invocation, method);
  }

  @Override
  public <T extends @Nullable Object> T interceptTestFactoryMethod(
      Invocation<T> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    return inTime(invocation, method);
  }

  private static <T extends @Nullable Object> T inTime(
      Invocation<T> invocation, ReflectiveInvocationContext<Method> method) throws Throwable {
    return inTime(invocation, limit(method.getExecutable(), method.getTargetClass()));
  }

  static <T extends @Nullable Object> T inTime(Invocation<T> invocation, Duration limit)
      throws Throwable {
    var watch = new Watch(limit);
    T result;
    try {
      result = invocation.proceed();
    } catch (Throwable e) {
      TimeoutException timeout = watch.end();
      if (timeout != null) {
        timeout.addSuppressed(e);
        throw timeout;
      }
      throw e;
    }
    TimeoutException timeout = watch.end();
    if (timeout != null) {
      throw timeout;
    }
    return result;
  }

  /** How long {@code method} of {@code owner} may take, multiplied. */
  static Duration limit(Method method, Class<?> owner) {
    Timeout timeout = method.getAnnotation(Timeout.class);
    Class<?> type = owner;
    while (timeout == null && type != null) {
      timeout = type.getAnnotation(Timeout.class);
      type = type.getEnclosingClass();
    }
    return Patience.of(
        timeout == null ? UNSAID : Duration.of(timeout.value(), timeout.unit().toChronoUnit()));
  }

  /** Watches over the thread that has made it, until its end. */
  private static final class Watch {
    private final Thread watched = Thread.currentThread();
    private final Duration limit;
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread watcher;
    private volatile StackTraceElement @Nullable [] place;

    private Watch(Duration limit) {
      this.limit = limit;
      // Not a virtual thread: a test that hangs may hold all that carry those.
      this.watcher = Thread.ofPlatform().daemon().name("timeout").start(this::watch);
    }

    private void watch() {
      try {
        if (!ended.await(limit.toNanos(), TimeUnit.NANOSECONDS)) {
          place = watched.getStackTrace();
          watched.interrupt();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** The time-out, if there was one, with where the thread was then. */
    private @Nullable TimeoutException end() throws InterruptedException {
      ended.countDown();
      boolean interrupted = Thread.interrupted();
      watcher.join();
      StackTraceElement[] there = place;
      if (there == null) {
        if (interrupted) {
          watched.interrupt();
        }
        return null;
      }
      // The interrupt was ours, and may have come just now.
      var _ = Thread.interrupted();
      var timeout =
          new TimeoutException(
              "timed out after "
                  + limit.toMillis()
                  + " ms; on a slow machine try -D"
                  + Patience.PROPERTY
                  + "=3");
      timeout.setStackTrace(there);
      return timeout;
    }
  }
}
