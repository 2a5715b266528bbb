package dev.godwit.node;

import dev.godwit.chunk.BlockRuns;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.fuse.FuseFile;
import dev.godwit.fuse.MountInUseException;
import dev.godwit.fuse.Unmount;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A resource that is mounted as a file. */
final class OpenFile implements OpenDevice {
  private static final Logger LOG = LoggerFactory.getLogger(OpenFile.class);
  private static final Duration ORDERLY = Duration.ofSeconds(3);
  private static final Duration FORCED = Duration.ofSeconds(4);

  private final FuseFile file;
  private final CompletableFuture<Boolean> gone = new CompletableFuture<>();
  private final Thread watching;

  OpenFile(FuseFile file) {
    this.file = file;
    this.watching = Thread.ofVirtual().name("file-watch").start(this::watch);
  }

  private void watch() {
    try {
      while (!file.awaitEnd(Duration.ofMinutes(1))) {
        LOG.trace("{} is still mounted", file.path());
      }
      gone.complete(true);
    } catch (InterruptedException e) {
      LOG.trace("{} is not watched any more", file.path(), e);
    }
  }

  @Override
  public String place() {
    return file.path().toString();
  }

  @Override
  public CompletableFuture<Boolean> gone() {
    return gone;
  }

  @Override
  public void changed(BlockRuns blocks, ChunkGeometry geometry) throws IOException {
    for (int i = 0; i < blocks.size(); i++) {
      int from = blocks.from(i);
      file.changed(geometry.blockOffset(from), geometry.bytes(from, blocks.to(i)));
    }
  }

  /** Waits a little for programs that use it; then they get errors. */
  @Override
  public void close() throws IOException {
    watching.interrupt();
    try {
      file.close(ORDERLY, Unmount.ORDERLY);
    } catch (MountInUseException e) {
      LOG.warn("{}", e.getMessage());
      file.close(FORCED, Unmount.FORCED);
    }
  }
}
