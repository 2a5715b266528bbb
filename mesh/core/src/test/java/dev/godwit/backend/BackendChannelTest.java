package dev.godwit.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.NonWritableChannelException;
import org.junit.jupiter.api.Test;

/** A backend as a channel. */
class BackendChannelTest {
  private final MemoryBackend backend = new MemoryBackend(10_000);
  private final BackendChannel channel = new BackendChannel(backend, BackendChannel.Access.WRITE);

  private static ByteBuffer bytes(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length);
    for (int value : values) {
      bytes.put((byte) value);
    }
    return bytes.flip();
  }

  @Test
  void whatIsWrittenIsReadAndThePositionMoves() throws Exception {
    assertEquals(3, channel.write(bytes(1, 2, 3)));
    assertEquals(3, channel.position());
    ByteBuffer read = ByteBuffer.allocate(2);
    assertEquals(2, channel.position(1).read(read));
    assertArrayEquals(new byte[] {2, 3}, read.array());
    assertEquals(10_000, channel.size());
  }

  @Test
  void positionalAccessLeavesThePosition() throws Exception {
    assertEquals(2, channel.write(bytes(7, 8), 5000));
    ByteBuffer read = ByteBuffer.allocate(2);
    assertEquals(2, channel.read(read, 5000));
    assertArrayEquals(new byte[] {7, 8}, read.array());
    assertEquals(0, channel.position());
  }

  @Test
  void readingEndsAtTheSize() throws Exception {
    assertEquals(4, channel.read(ByteBuffer.allocate(100), 9996));
    assertEquals(-1, channel.read(ByteBuffer.allocate(100), 10_000));
    assertEquals(-1, channel.read(ByteBuffer.allocate(100), 20_000));
  }

  @Test
  void writingEndsAtTheSize() throws Exception {
    ByteBuffer source = bytes(1, 2, 3);
    assertEquals(2, channel.write(source, 9998));
    assertEquals(1, source.remaining());
    assertThrows(IOException.class, () -> channel.write(source, 10_000));
  }

  @Test
  void truncatingToLessIsRefusedAndToTheSizeMovesThePosition() throws Exception {
    assertEquals(10_000, channel.position(20_000).truncate(15_000).size());
    assertEquals(15_000, channel.position());
    assertEquals(10_000, channel.truncate(10_000).position());
    IOException refused = assertThrows(IOException.class, () -> channel.truncate(9_999));
    assertEquals("The size is fixed: 10000 bytes cannot be cut to 9999.", refused.getMessage());
    assertEquals(10_000, channel.position());
    assertThrows(IllegalArgumentException.class, () -> channel.truncate(-1));
    BackendChannel reader = new BackendChannel(backend, BackendChannel.Access.READ);
    assertThrows(NonWritableChannelException.class, () -> reader.truncate(20_000));
  }

  @Test
  void aTransferThatCanDoNothingSaysSo() throws Exception {
    ByteArrayInputStream source = new ByteArrayInputStream(new byte[5]);
    assertThrows(
        IOException.class, () -> channel.transferFrom(Channels.newChannel(source), 10_000, 5));
    assertEquals(0, channel.transferFrom(Channels.newChannel(source), 10_001, 5));
    assertEquals(5, source.available());
    assertThrows(
        IllegalArgumentException.class,
        () -> channel.transferFrom(Channels.newChannel(source), 0, -1));
    assertThrows(
        IllegalArgumentException.class,
        () -> channel.transferTo(0, -1, Channels.newChannel(new ByteArrayOutputStream())));
  }

  @Test
  void severalBuffersAreFilledAndEmptiedInOrder() throws Exception {
    ByteBuffer[] sources = {bytes(1), bytes(), bytes(2, 3)};
    assertEquals(3, channel.write(sources));
    ByteBuffer[] targets = {ByteBuffer.allocate(2), ByteBuffer.allocate(1)};
    assertEquals(3, channel.position(0).read(targets));
    assertArrayEquals(new byte[] {1, 2}, targets[0].array());
    assertArrayEquals(new byte[] {3}, targets[1].array());
  }

  @Test
  void bytesAreTransferredBothWays() throws Exception {
    byte[] some = new byte[200_000];
    some[9_999] = 9;
    long taken =
        channel.transferFrom(Channels.newChannel(new ByteArrayInputStream(some)), 0, some.length);
    assertEquals(10_000, taken);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertEquals(9_000, channel.transferTo(1_000, 100_000, Channels.newChannel(out)));
    assertEquals(9, out.toByteArray()[8_999]);
  }

  @Test
  void itIsNotMappedAndNotLocked() {
    UnsupportedOperationException refused =
        assertThrows(
            UnsupportedOperationException.class,
            () -> channel.map(FileChannel.MapMode.READ_ONLY, 0, 10));
    assertTrue(String.valueOf(refused.getMessage()).contains("BackendWindow"));
    assertThrows(UnsupportedOperationException.class, channel::tryLock);
  }

  @Test
  void aReaderDoesNotWrite() {
    BackendChannel reader = new BackendChannel(backend, BackendChannel.Access.READ);
    assertThrows(NonWritableChannelException.class, () -> reader.write(bytes(1)));
    assertThrows(NonWritableChannelException.class, () -> reader.write(bytes(1), 5));
  }

  @Test
  void aClosedOneRefusesAndTheBackendStaysOpen() throws Exception {
    channel.close();
    assertThrows(ClosedChannelException.class, () -> channel.read(ByteBuffer.allocate(1)));
    assertThrows(ClosedChannelException.class, channel::size);
    backend.read(ByteBuffer.allocate(1), 0);
  }

  @Test
  void aWindowLoadsAndStoresWhatWasChanged() throws Exception {
    BackendWindow window = BackendWindow.open(backend, 1_000, 9_000);
    window.bytes().put(5_000, (byte) 4);
    assertEquals(4096, window.store());
    assertEquals(0, window.store());
    ByteBuffer read = ByteBuffer.allocate(1);
    backend.read(read, 6_000);
    assertEquals(4, read.get(0));
    backend.write(bytes(6), 1_000);
    window.load();
    assertEquals(6, window.bytes().get(0));
  }

  @Test
  void aWindowIsInsideTheBackend() {
    assertThrows(OutOfRangeException.class, () -> BackendWindow.open(backend, 9_999, 2));
  }
}
