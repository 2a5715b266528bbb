package dev.godwit.fuse;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Adds one to every byte of a file through a mapping, and says so. In a process of its own: the one
 * that serves the file must not map it.
 */
final class MapFile {
  private MapFile() {}

  /** Argument: the path. */
  public static void main(String[] args) throws IOException {
    try (var channel =
        FileChannel.open(Path.of(args[0]), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer mapped = channel.map(MapMode.READ_WRITE, 0, channel.size());
      for (int i = 0; i < mapped.limit(); i++) {
        mapped.put(i, (byte) (mapped.get(i) + 1));
      }
      var _ = mapped.force();
      System.out.println("mapped " + mapped.limit());
    }
  }
}
