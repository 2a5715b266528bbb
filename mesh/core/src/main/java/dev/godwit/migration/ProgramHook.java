package dev.godwit.migration;

import java.io.IOException;

/**
 * Stops and starts the program whose state is moved. Both calls return when it is done, within a
 * deadline of their own.
 */
public interface ProgramHook {

  /**
   * Says that a hand-over is coming, so that whatever takes time can be done while the program
   * still runs. May be called again. Never fails: what could not be prepared is done later.
   */
  default void prepare() {}

  /**
   * Says that the hand-over begins now: within milliseconds the program will stand still and
   * everything waits for this process. Called on both sides, once for each attempt. Never fails.
   */
  default void imminent() {}

  /**
   * Stops the program: on return it issues no more writes.
   *
   * @throws IOException when it may still run
   */
  void suspend() throws IOException;

  /**
   * Lets the program go on, or starts it.
   *
   * @throws IOException when it does not run
   */
  void resume() throws IOException;

  /**
   * Says that an earlier process may have let the program go on already, so that the next {@link
   * #resume} may find it running. Never fails.
   */
  default void mayRun() {}

  /** Whether {@link #suspend} stops anything. */
  default boolean stops() {
    return true;
  }

  /** For state that no program uses, or one that waits on its device by itself. */
  ProgramHook NONE =
      new ProgramHook() {
        @Override
        public boolean stops() {
          return false;
        }

        @Override
        public void suspend() {}

        @Override
        public void resume() {}
      };
}
