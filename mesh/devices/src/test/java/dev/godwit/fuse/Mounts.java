package dev.godwit.fuse;

import dev.godwit.backend.Backend;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** The files that a test has mounted; none of them outlives it. */
final class Mounts implements AutoCloseable {
  private final Deque<FuseFile> files = new ArrayDeque<>();

  FuseFile mount(Backend backend, Path path) throws IOException {
    return mount(backend, path, FuseSettings.DEFAULT);
  }

  FuseFile mount(Backend backend, Path path, FuseSettings settings) throws IOException {
    FuseFile file = FuseFile.mount(backend, path, settings);
    files.push(file);
    return file;
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (FuseFile file : files) {
      try {
        file.close(Duration.ofSeconds(5), Unmount.FORCED);
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
