package dev.godwit.webrtc.child;

import dev.godwit.webrtc.bridge.BridgeOutput;
import dev.godwit.webrtc.bridge.BridgeType;
import dev.onvoid.webrtc.RTCDataChannel;
import dev.onvoid.webrtc.RTCDataChannelBuffer;
import dev.onvoid.webrtc.RTCDataChannelObserver;
import dev.onvoid.webrtc.RTCDataChannelState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A data channel. Its methods exclude each other, since the library must not be asked about a
 * channel that another thread disposes of; the library's own threads never wait for them.
 */
final class ChildChannel {
  private final int connection;
  private final int id;
  private final BridgeOutput output;
  private final MessageCount count;
  private final Outstanding outstanding = new Outstanding();
  private final AtomicReference<RTCDataChannelState> state =
      new AtomicReference<>(RTCDataChannelState.CONNECTING);
  private @Nullable RTCDataChannel channel;
  private long reported;

  ChildChannel(
      int connection, int id, RTCDataChannel channel, BridgeOutput output, MessageCount count) {
    this.connection = connection;
    this.id = id;
    this.channel = channel;
    this.output = output;
    this.count = count;
  }

  /** Begins to pass on what happens; the first thing may have happened before. */
  void begin() throws IOException {
    RTCDataChannel opened = channel;
    if (opened != null) {
      opened.registerObserver(new Observer(opened));
      became(opened.getState());
    }
  }

  private void became(RTCDataChannelState now) throws IOException {
    RTCDataChannelState before = state.getAndUpdate(old -> now.compareTo(old) > 0 ? now : old);
    if (now.compareTo(before) <= 0) {
      return;
    }
    if (now == RTCDataChannelState.OPEN && id >= 0) {
      output.write(BridgeType.CHANNEL_OPEN, connection, id);
    } else if (now == RTCDataChannelState.CLOSED) {
      output.write(BridgeType.CHANNEL_CLOSED, connection, id);
    }
  }

  /**
   * Sends a message from a buffer that is exactly as long as it.
   *
   * @return whether it is on its way; else the channel is closed, which is told by itself
   */
  synchronized boolean send(ByteBuffer message) throws IOException {
    RTCDataChannel open = channel;
    if (open == null || state.get() != RTCDataChannelState.OPEN) {
      return false;
    }
    outstanding.add(message.remaining());
    try {
      open.send(new RTCDataChannelBuffer(message, true));
    } catch (Exception e) {
      throw new IOException("a data channel failed: " + e, e);
    }
    return state.get() == RTCDataChannelState.OPEN;
  }

  /**
   * Tells how much has left, if that changed.
   *
   * @return whether anything still waits
   */
  synchronized boolean report(BridgeOutput to) throws IOException {
    RTCDataChannel open = channel;
    if (open == null || outstanding.isEmpty()) {
      return false;
    }
    long left = outstanding.update(open.getBufferedAmount());
    if (left != reported) {
      reported = left;
      to.write(BridgeType.SENT, connection, id, ByteBuffer.allocate(Long.BYTES).putLong(0, left));
    }
    return !outstanding.isEmpty() && state.get() == RTCDataChannelState.OPEN;
  }

  synchronized void close() {
    RTCDataChannel open = channel;
    if (open != null) {
      open.close();
    }
  }

  synchronized void release() {
    RTCDataChannel closed = channel;
    channel = null;
    if (closed != null) {
      closed.unregisterObserver();
      try {
        closed.dispose();
      } catch (Error | RuntimeException e) {
        // The library holds on to it a little longer; it has been let go of nevertheless.
        state.set(RTCDataChannelState.CLOSED);
      }
    }
  }

  /** Called by the library's threads. */
  private final class Observer implements RTCDataChannelObserver {
    private final RTCDataChannel observed;

    Observer(RTCDataChannel observed) {
      this.observed = observed;
    }

    @Override
    public void onBufferedAmountChange(long previousAmount) {
      // Not called by version 0.14.0.
    }

    @Override
    public void onStateChange() {
      try {
        became(observed.getState());
      } catch (IOException e) {
        gone(e);
      }
    }

    @Override
    public void onMessage(RTCDataChannelBuffer message) {
      try {
        count.add();
        output.write(BridgeType.MESSAGE, connection, id, message.data);
      } catch (IOException | IllegalArgumentException e) {
        gone(e);
      }
    }

    private void gone(Exception e) {
      // Without the node there is nobody to tell; the thread that reads from it ends the process.
      System.err.println("the node cannot be told: " + e);
    }
  }
}
