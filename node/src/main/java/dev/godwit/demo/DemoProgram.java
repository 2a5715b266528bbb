package dev.godwit.demo;

import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdClient;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The demo's program as a process: waits for its device and writes to it until it is stopped. */
public final class DemoProgram {
  private static final Logger LOG = LoggerFactory.getLogger(DemoProgram.class);
  private static final Duration RETRY = Duration.ofMillis(10);

  private DemoProgram() {}

  /**
   * Runs the program.
   *
   * @param device appears sooner or later
   * @param log where acknowledged records are logged
   * @param bytesPerSecond how fast to write
   * @param ready called when the device is there
   * @param stop ends it
   */
  public static void run(
      NbdAddress device, Path log, long bytesPerSecond, Runnable ready, BooleanSupplier stop)
      throws IOException {
    RecordProgram.warmUp();
    try (AckLog acks = new AckLog(log);
        NbdClient client = connect(device, stop)) {
      ready.run();
      new RecordProgram(client, bytesPerSecond).run(acks, stop);
    }
  }

  private static NbdClient connect(NbdAddress device, BooleanSupplier stop) throws IOException {
    NbdClient.Settings settings =
        new NbdClient.Settings(Duration.ofSeconds(10), Duration.ofHours(1));
    while (true) {
      if (!(device instanceof NbdAddress.Unix socket) || Files.exists(socket.path())) {
        try {
          return NbdClient.connect(device, settings);
        } catch (ConnectException e) {
          LOG.debug("the device is not there yet", e);
        }
      }
      if (stop.getAsBoolean()) {
        throw new IOException("stopped before the device was there");
      }
      LockSupport.parkNanos(RETRY.toNanos());
    }
  }
}
