package dev.godwit.tls;

import dev.godwit.stream.Connection.Urgency;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;

/** Writes down the frames it gets; parts of one stream's bytes that follow each other are one. */
final class Recorder implements FrameSink {
  private final List<String> frames = new ArrayList<>();
  private int lastData;

  List<String> frames() {
    return frames;
  }

  private void add(String frame) {
    lastData = 0;
    frames.add(frame);
  }

  @Override
  public void open(int stream, Urgency urgency) {
    add("OPEN " + stream + " " + urgency);
  }

  @Override
  public void data(int stream, ByteBuf part) {
    String hex = ByteBufUtil.hexDump(part);
    if (lastData == stream && !frames.isEmpty()) {
      frames.addLast(frames.removeLast() + hex);
    } else {
      add("DATA " + stream + " " + hex);
      lastData = stream;
    }
  }

  @Override
  public void fin(int stream) {
    add("FIN " + stream);
  }

  @Override
  public void reset(int stream, int code) {
    add("RESET " + stream + " " + code);
  }

  @Override
  public void window(int stream, int bytes) {
    add("WINDOW " + stream + " " + bytes);
  }

  @Override
  public void goodbye(String reason) {
    add("GOODBYE " + reason);
  }

  @Override
  public void ping(long token) {
    add("PING " + token);
  }

  @Override
  public void pong(long token) {
    add("PONG " + token);
  }
}
