package dev.godwit.log;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * An append-only list of entries on stable storage. Thread-safe. The file is one implementation;
 * simulations have another.
 */
public interface StableLog extends Closeable {

  /** What was read when the log was opened, in the order in which it was appended. */
  List<byte[]> entries();

  /**
   * Appends an entry, which is not empty. On return it survives every crash.
   *
   * @throws IllegalArgumentException when it is empty
   * @throws UndecidedLogException when the entry may or may not be there after a restart; the log
   *     then refuses further entries
   * @throws IOException when it is not there, and the log is as before
   */
  void append(byte[] entry) throws IOException;

  /**
   * Replaces everything by one entry, in one step: after a crash either all old entries are there
   * or the new one.
   *
   * @throws UndecidedLogException as {@link #append}
   * @throws IOException as {@link #append}
   */
  void replace(byte[] entry) throws IOException;
}
