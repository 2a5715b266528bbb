package dev.godwit.log;

import java.util.ArrayList;
import java.util.List;

/** A stable log that survives as long as the object: a restart is a second journal over it. */
public final class MemoryLog implements StableLog {
  private List<byte[]> entries = new ArrayList<>();

  @Override
  public synchronized List<byte[]> entries() {
    return List.copyOf(entries);
  }

  @Override
  public synchronized void append(byte[] entry) {
    check(entry);
    entries.add(entry);
  }

  @Override
  public synchronized void replace(byte[] entry) {
    check(entry);
    entries = new ArrayList<>(List.of(entry));
  }

  private static void check(byte[] entry) {
    if (entry.length == 0) {
      throw new IllegalArgumentException("an empty entry");
    }
  }

  @Override
  public void close() {}
}
