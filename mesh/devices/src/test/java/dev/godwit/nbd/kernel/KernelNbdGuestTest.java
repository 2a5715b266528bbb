package dev.godwit.nbd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.testing.Patience;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our attaching on a real kernel, to our server outside of it. */
@Timeout(1200)
final class KernelNbdGuestTest {
  /** How much longer things take in a machine that is emulated. */
  private static final int SLOWNESS = 3;

  @TempDir Path directory;

  @Test
  void aRealKernelTakesAndReturnsOurConnections() throws IOException {
    GuestKernel kernel = GuestKernel.prepared();
    GuestDisk disk = new GuestDisk(directory, kernel);
    disk.run("attach-guest.sh", Map.of("JAVA", GuestJava.COMMAND));
    disk.addLibraries(GuestJava.libraries());
    try (HostServer server = new HostServer();
        ServerSocket wishes = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      disk.add(
          "arguments",
          String.join(
              "\n",
              "-Xmx128m",
              // An emulated processor has no time for a good compiler, but less for none.
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "--enable-native-access=ALL-UNNAMED",
              "--sun-misc-unsafe-memory-access=allow",
              "-Dorg.slf4j.simpleLogger.logFile=System.out",
              "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
              "-D" + Patience.PROPERTY + "=" + SLOWNESS * Patience.factor(),
              "-cp",
              disk.addClasses(),
              AttachInGuest.class.getName(),
              Integer.toString(server.port()),
              Integer.toString(wishes.getLocalPort())));
      var _ = Thread.ofPlatform().daemon().start(() -> serve(wishes, server));
      try (Guest guest = Guest.start(kernel, List.of(disk.make(), GuestJava.disk()))) {
        List<String> said =
            guest.rest().stream().map(line -> line.replaceAll(", \\d+ ms", "")).toList();
        assertEquals(
            List.of(
                "netlink ok",
                "ioctl ok",
                "mounted ok",
                "busy ok",
                "cut ok",
                "restart ok",
                "too late ok",
                "cut ioctl ok",
                "taken away ok",
                "stuck netlink ok",
                "stuck ioctl ok",
                "stuck at the end ok",
                "stuck and mounted ok",
                "deaf netlink ok",
                "deaf ioctl ok",
                "own server ok",
                "java ended with 0"),
            said,
            guest::everything);
      }
    }
  }

  private static void serve(ServerSocket wishes, HostServer server) {
    try (Socket guest = wishes.accept();
        var in = new BufferedReader(new InputStreamReader(guest.getInputStream(), UTF_8));
        var out = new PrintWriter(guest.getOutputStream(), true, UTF_8)) {
      for (String wish = in.readLine(); wish != null; wish = in.readLine()) {
        server.perform(wish);
        out.println("done");
      }
    } catch (IOException e) {
      // The guest's wish is not answered, and it says so.
      System.err.println("no more wishes: " + e);
    }
  }
}
