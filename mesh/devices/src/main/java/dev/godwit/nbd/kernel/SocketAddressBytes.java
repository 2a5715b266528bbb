package dev.godwit.nbd.kernel;

import dev.godwit.libc.LibC;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.file.Path;

/** Addresses of sockets as the C library wants them: {@code unix(7), ip(7), ipv6(7)}. */
final class SocketAddressBytes {
  /** {@code sizeof sun_path}, with the zero at the end. */
  private static final int PATH_BYTES = 108;

  private static final int INET6_BYTES = 28;
  private static final int INET_BYTES = 16;

  private SocketAddressBytes() {}

  /**
   * {@code struct sockaddr_un}.
   *
   * @throws SocketException when the path is too long for a socket
   */
  static byte[] of(Path path) throws SocketException {
    byte[] name = path.toString().getBytes(Charset.defaultCharset());
    if (name.length >= PATH_BYTES) {
      throw new SocketException(path + " is too long for a socket; use a shorter path");
    }
    byte[] address = new byte[2 + name.length + 1];
    begin(address, LibC.AF_UNIX).put(name);
    return address;
  }

  /** {@code struct sockaddr_in} or {@code struct sockaddr_in6}. */
  static byte[] of(InetAddress host, int port) {
    if (host instanceof Inet6Address six) {
      byte[] address = new byte[INET6_BYTES];
      ByteBuffer out = begin(address, LibC.AF_INET6).order(ByteOrder.BIG_ENDIAN);
      out.putShort((short) port).putInt(0).put(six.getAddress());
      out.order(ByteOrder.nativeOrder()).putInt(six.getScopeId());
      return address;
    }
    byte[] address = new byte[INET_BYTES];
    ByteBuffer out = begin(address, LibC.AF_INET).order(ByteOrder.BIG_ENDIAN);
    out.putShort((short) port).put(host.getAddress());
    return address;
  }

  /** Begins with the address's family. */
  private static ByteBuffer begin(byte[] address, int family) {
    return ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).putShort((short) family);
  }
}
