package dev.godwit.nbd;

import dev.godwit.backend.Backend;
import dev.godwit.backend.FileBackend;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.backend.SparseFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/** Serves memory or a file until the process is ended, for measurements by hand. */
final class ServeMemory {
  private ServeMemory() {}

  /** Arguments: an NBD address, a size in bytes, and perhaps a file. */
  public static void main(String[] args) throws IOException, InterruptedException {
    long size = Long.parseLong(args[1]);
    Backend backend =
        args.length > 2
            ? FileBackend.create(Path.of(args[2]), size, _ -> SparseFile.dense())
            : new MemoryBackend(size);
    var server = new NbdServer(ExportTable.of(Export.of("", backend)));
    try (var _ = NbdListener.open(NbdAddress.parse(args[0]), server)) {
      new CountDownLatch(1).await();
    }
  }
}
