package dev.godwit.demo;

import dev.godwit.backend.Backend;
import dev.godwit.demo.AckLog.Ack;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The program whose state is moved: it writes records to random places, at a given rate, flushes
 * now and then, and logs every acknowledged record. It knows nothing of migrations: on the other
 * side it is started again, reads which epoch the state is in, and goes on in the next.
 *
 * <p>It uses block 0 for itself and every second block for records; the others stay as they were.
 */
public final class RecordProgram {
  private static final int WARM_UP_RECORDS = 5000;
  private static final Duration FLUSH = Duration.ofMillis(200);

  private final Backend device;
  private final long bytesPerSecond;
  private final RecordFormat format = new RecordFormat();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(RecordFormat.BYTES);

  /**
   * @param device where the state is, at least two blocks large
   * @param bytesPerSecond how fast to write, positive
   */
  public RecordProgram(Backend device, long bytesPerSecond) {
    this.device = device;
    this.bytesPerSecond = bytesPerSecond;
    if (device.size() < 2 * RecordFormat.BYTES) {
      throw new IllegalArgumentException("the state is too small for the program");
    }
  }

  /**
   * Makes records that go nowhere, so that the first real one is not the first one ever. For a
   * program that is started long before its device is there.
   */
  public static void warmUp() {
    RecordFormat format = new RecordFormat();
    ByteBuffer scratch = ByteBuffer.allocateDirect(RecordFormat.BYTES);
    for (int i = 0; i < WARM_UP_RECORDS; i++) {
      format.fill(scratch, i, new RecordFormat.Key(0, i));
    }
  }

  /**
   * Writes until {@code stop} holds, then flushes.
   *
   * @throws IOException when the device fails
   */
  public void run(AckLog log, BooleanSupplier stop) throws IOException {
    int slots = (int) Math.min(Integer.MAX_VALUE, device.size() / RecordFormat.BYTES);
    int epoch = epoch() + 1;
    Random random = new Random(epoch);
    long number = 0;
    write(log, 0, new RecordFormat.Key(epoch, number++));
    long start = System.nanoTime();
    long flushed = start;
    long written = 0;
    while (!stop.getAsBoolean()) {
      int slot = 1 + 2 * random.nextInt(slots / 2);
      write(log, slot, new RecordFormat.Key(epoch, number++));
      written += RecordFormat.BYTES;
      long now = System.nanoTime();
      if (now - flushed > FLUSH.toNanos()) {
        device.flush();
        flushed = now;
      }
      long due = start + (long) (written * 1e9 / bytesPerSecond);
      if (due - now > 1_000_000) {
        LockSupport.parkNanos(due - now);
      }
    }
    device.flush();
  }

  private int epoch() throws IOException {
    buffer.clear();
    device.read(buffer, 0);
    return format.isWhole(buffer.flip(), 0) ? RecordFormat.key(buffer).epoch() : 0;
  }

  private void write(AckLog log, int slot, RecordFormat.Key key) throws IOException {
    format.fill(buffer, slot, key);
    device.write(buffer, (long) slot * RecordFormat.BYTES);
    Instant now = Instant.now();
    log.add(new Ack(key, slot, now.getEpochSecond() * 1_000_000 + now.getNano() / 1000));
  }
}
