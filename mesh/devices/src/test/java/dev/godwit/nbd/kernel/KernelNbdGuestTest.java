package dev.godwit.nbd.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our attaching on a real kernel, to our server outside of it. Needs root. */
@Timeout(180)
final class KernelNbdGuestTest {
  @TempDir Path directory;

  @Test
  void aRealKernelTakesAndReturnsOurConnections() throws IOException {
    var _ =
        Files.writeString(
            directory.resolve("arguments"),
            String.join(
                "\n",
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dorg.slf4j.simpleLogger.logFile=System.out",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
                "-cp",
                '"' + System.getProperty("java.class.path") + '"',
                AttachInGuest.class.getName(),
                directory.toString()));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    try (Guest guest =
            Guest.prepare(
                directory,
                "attach-guest.sh",
                Map.of("JAVA", java.toString(), "FOLDER", directory.toString()));
        HostServer server = new HostServer(guest);
        ServerSocket wishes =
            guest.inNetwork(
                () -> new ServerSocket(Wishes.PORT, 1, InetAddress.getByName(Guest.HOST)))) {
      var _ = Thread.ofPlatform().daemon().start(() -> serve(wishes, server));
      guest.start();
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
