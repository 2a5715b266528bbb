package dev.godwit.cli;

import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is done when this process gets a signal. */
final class Signals {
  private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

  private Signals() {}

  /**
   * From now on that is done, instead of what was done before; nothing where a system has no such
   * signal, or the process was started so that it ignores it. By reflection: the compiler warns of
   * these classes, however they are named.
   *
   * @param name without its {@code SIG}
   */
  static void on(String name, Runnable task) {
    try {
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Object told =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (_, method, arguments) -> {
                task.run();
                return null;
              });
      Object _ =
          signal
              .getMethod("handle", signal, handler)
              .invoke(null, signal.getConstructor(String.class).newInstance(name), told);
    } catch (ReflectiveOperationException e) {
      LOG.debug("SIG{} is not told here", name, e);
    }
  }
}
