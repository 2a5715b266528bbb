package dev.godwit.nbd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.godwit.testing.Patience;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;

/** Tells the test outside what its server shall do, and waits until it has done it. */
final class Wishes implements Closeable {
  private static final int PATIENCE_MILLIS = (int) Patience.seconds(30).toMillis();

  private final Socket socket = new Socket();
  private final BufferedReader in;
  private final PrintWriter out;

  Wishes(int port) throws IOException {
    socket.connect(new InetSocketAddress(Guest.HOST, port), PATIENCE_MILLIS);
    socket.setSoTimeout(PATIENCE_MILLIS);
    in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
    out = new PrintWriter(socket.getOutputStream(), true, UTF_8);
  }

  void make(String wish) throws IOException {
    out.println(wish);
    String answer = in.readLine();
    if (!"done".equals(answer)) {
      throw new SocketTimeoutException(wish + ": " + answer);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
