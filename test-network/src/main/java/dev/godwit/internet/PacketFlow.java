package dev.godwit.internet;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Draws the packets of a {@link Capture} as a sequence diagram in the language of Mermaid. */
public final class PacketFlow {
  private static final int UDP = 17;
  private static final int TCP = 6;
  private static final int ICMP = 1;
  private static final int MIN_IPV4 = 20;
  private static final double NANOS_OF_MILLI = 1e6;
  private static final long NANOS_OF_SECOND = 1_000_000_000L;

  private PacketFlow() {}

  /** An arrow of the diagram. */
  private record Arrow(String from, String to, String what) {}

  private record Packet(long nanos, Arrow arrow, int length) {}

  /**
   * Draws a capture that is closed.
   *
   * @param names what addresses are called; the others are called by themselves
   * @param most how many arrows there may be. Packets alike that follow one another are one arrow
   * @throws IOException also when the file is not a whole capture
   */
  public static String draw(Path capture, Map<InetAddress, String> names, int most)
      throws IOException {
    List<Packet> packets = read(capture, names);
    Set<String> participants = new LinkedHashSet<>();
    packets.forEach(
        packet -> {
          participants.add(packet.arrow().from());
          participants.add(packet.arrow().to());
        });
    StringBuilder text = new StringBuilder("sequenceDiagram\n");
    participants.forEach(one -> text.append("  participant ").append(one).append('\n'));
    int next = 0;
    for (int arrows = 0; arrows < most && next < packets.size(); arrows++) {
      Packet first = packets.get(next);
      int count = 0;
      long bytes = 0;
      while (next < packets.size() && packets.get(next).arrow().equals(first.arrow())) {
        bytes += packets.get(next).length();
        count++;
        next++;
      }
      text.append(
          String.format(
              Locale.ROOT,
              "  %s->>%s: %.3f ms %s, %s%d bytes\n",
              first.arrow().from(),
              first.arrow().to(),
              (first.nanos() - packets.getFirst().nanos()) / NANOS_OF_MILLI,
              first.arrow().what(),
              count == 1 ? "" : count + " packets, ",
              bytes));
    }
    if (next < packets.size()) {
      text.append("  Note over ")
          .append(participants.iterator().next())
          .append(": ")
          .append(packets.size() - next)
          .append(" more packets\n");
    }
    return text.toString();
  }

  private static List<Packet> read(Path capture, Map<InetAddress, String> names)
      throws IOException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(capture)).order(ByteOrder.nativeOrder());
    if (file.remaining() < Capture.HEADER_SIZE || file.getInt(0) != Capture.MAGIC) {
      throw new IOException(capture + " is not a capture of this machine");
    }
    file.position(Capture.HEADER_SIZE);
    List<Packet> packets = new ArrayList<>();
    while (file.hasRemaining()) {
      if (file.remaining() < Capture.RECORD_HEADER_SIZE) {
        throw new EOFException(capture + " ends within a record");
      }
      long nanos = Integer.toUnsignedLong(file.getInt()) * NANOS_OF_SECOND + file.getInt();
      int length = file.getInt();
      int original = file.getInt();
      if (length < 0 || length > file.remaining()) {
        throw new EOFException(capture + " ends within a packet");
      }
      ByteBuffer packet = file.slice(file.position(), length).order(ByteOrder.BIG_ENDIAN);
      file.position(file.position() + length);
      packets.add(new Packet(nanos, arrow(packet, names), original));
    }
    // The two directions do not wait for each other.
    packets.sort(Comparator.comparingLong(Packet::nanos));
    return packets;
  }

  private static Arrow arrow(ByteBuffer packet, Map<InetAddress, String> names) throws IOException {
    if (packet.remaining() < MIN_IPV4 || packet.get(0) >> 4 != 4) {
      return new Arrow("unknown", "unknown", "not IPv4");
    }
    int protocol = packet.get(9);
    String from = name(packet, 12, names);
    String to = name(packet, 16, names);
    int header = (packet.get(0) & 0xf) * 4;
    if ((protocol == UDP || protocol == TCP) && packet.remaining() >= header + 4) {
      return new Arrow(
          from,
          to,
          (protocol == UDP ? "UDP " : "TCP ")
              + Short.toUnsignedInt(packet.getShort(header))
              + " to "
              + Short.toUnsignedInt(packet.getShort(header + 2)));
    }
    return new Arrow(from, to, protocol == ICMP ? "ICMP" : "protocol " + protocol);
  }

  private static String name(ByteBuffer packet, int at, Map<InetAddress, String> names)
      throws IOException {
    byte[] bytes = new byte[4];
    packet.get(at, bytes);
    InetAddress address = InetAddress.getByAddress(bytes);
    return names.getOrDefault(address, address.getHostAddress());
  }
}
