package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.protobuf.ByteString;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.godwit.identity.Identity;
import dev.godwit.identity.NodeId;
import dev.godwit.identity.Octets;
import dev.godwit.internet.Host;
import dev.godwit.stream.ByteStream;
import dev.godwit.stream.Connection;
import dev.godwit.stream.Connection.Urgency;
import dev.godwit.stream.StreamResetException;
import dev.godwit.testing.Patience;
import dev.godwit.webrtc.FingerprintProof.Role;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A page in Chromium, written after the document, on another machine than the node. */
class WebRtcBrowserTest {
  private static final int PORT = 8080;
  private static final int SIZE = 16 << 20;
  private static final Octets ATTEMPT = Octets.random(Signal.CONNECTION, new SecureRandom());

  private final SecureRandom random = new SecureRandom();
  private final Identity nodesKey = Identity.generate(random);

  /** The page has no key of its own; this signs for it. */
  private final Identity pagesKey = Identity.generate(random);

  private final LinkedBlockingQueue<Connection> accepted = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<String> forPage = new LinkedBlockingQueue<>();
  private final LinkedBlockingQueue<String> results = new LinkedBlockingQueue<>();
  private final CompletableFuture<String> pageSent = new CompletableFuture<>();
  private final CompletableFuture<Integer> pageReset = new CompletableFuture<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  @TempDir private Path folder;
  private WebRtcWorld world;
  private HttpServer server;
  private Process browser;

  @BeforeEach
  void open() throws IOException {
    world = new WebRtcWorld();
    Host host = world.internet().host("node");
    world.transport(nodesKey, host, WebRtcSettings.LOCAL).listen(accepted::add);
    world.receiver("page", this::signalForPage);
    server = host.call(() -> HttpServer.create(new InetSocketAddress(host.address(), PORT), 0));
    server.setExecutor(threads);
    server.createContext("/", this::page);
    server.createContext("/offer", exchange -> answer(exchange, this::offer));
    server.createContext("/candidate", exchange -> answer(exchange, this::candidate));
    server.createContext("/result", exchange -> answer(exchange, results::add));
    server.createContext("/poll", this::poll);
    server.start();
    ProcessBuilder chromium =
        world
            .internet()
            .host("browser")
            .command(
                List.of(
                    "chromium",
                    "--headless=new",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--user-data-dir=" + folder.resolve("profile"),
                    "http://" + host.address().getHostAddress() + ":" + PORT + "/"))
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("browser.log").toFile());
    chromium.environment().put("TMPDIR", folder.toString());
    chromium.environment().put("HOME", folder.toString());
    browser = chromium.start();
  }

  @AfterEach
  void close() throws Exception {
    List<ProcessHandle> helpers = browser.descendants().toList();
    browser.destroyForcibly().waitFor();
    for (ProcessHandle helper : helpers) {
      helper.destroyForcibly();
      helper.onExit().get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    }
    server.stop(0);
    threads.shutdownNow();
    world.close();
  }

  private void page(HttpExchange exchange) throws IOException {
    try (InputStream page =
        Objects.requireNonNull(WebRtcBrowserTest.class.getResourceAsStream("page.html"))) {
      exchange.getResponseHeaders().add("Content-Type", "text/html");
      respond(exchange, page.readAllBytes());
    }
  }

  private static void respond(HttpExchange exchange, byte[] body) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** What the page says. */
  private interface Said {
    void take(String text) throws IOException;
  }

  private static void answer(HttpExchange exchange, Said said) throws IOException {
    said.take(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    respond(exchange, new byte[0]);
  }

  private void poll(HttpExchange exchange) throws IOException {
    try {
      String next = forPage.poll(1, TimeUnit.SECONDS);
      respond(exchange, (next == null ? "nothing" : next).getBytes(StandardCharsets.UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ByteString attempt() {
    return ByteString.copyFrom(ATTEMPT.toByteArray());
  }

  private void toNode(Signal signal) throws IOException {
    world.signal(pagesKey.id(), "page", "node", Signal.encode(signal));
  }

  private void offer(String sdp) throws IOException {
    String named = FingerprintProof.named(sdp).getFirst().split(" ", -1)[1];
    Octets fingerprint = Octets.of(HexFormat.ofDelimiter(":").parseHex(named));
    Octets signature =
        new FingerprintProof(ATTEMPT, Role.OFFERER, pagesKey.id(), nodesKey.id())
            .sign(pagesKey, fingerprint);
    toNode(new Signal.Offer(attempt(), new Signal.Description(sdp, fingerprint, signature)));
  }

  private void candidate(String text) throws IOException {
    String[] lines = text.split("\n", 3);
    toNode(
        new Signal.Reachable(
            attempt(),
            List.of(new Signal.Candidate(lines[0], Integer.parseInt(lines[1]), lines[2])),
            false));
  }

  /** What the node says to the page, which trusts this test. */
  private void signalForPage(NodeId from, String replyTo, byte[] message) {
    try {
      switch (Signal.parse(message)) {
        case Signal.Answer answer -> {
          new FingerprintProof(ATTEMPT, Role.ANSWERER, pagesKey.id(), nodesKey.id())
              .check(answer.description());
          forPage.add("answer\n" + answer.description().sdp());
        }
        case Signal.Reachable reachable ->
            reachable
                .candidates()
                .forEach(
                    one ->
                        forPage.add(
                            "candidate\n" + one.mid() + "\n" + one.line() + "\n" + one.sdp()));
        case Signal.Refused refused -> results.add("refused: " + refused.reason());
        case Signal.Offer offer -> results.add("an offer");
      }
    } catch (SignalException e) {
      results.add("not accepted: " + e.getMessage());
    }
  }

  private String result() throws InterruptedException {
    String result = results.poll(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS);
    return result == null ? "the page says nothing" : result;
  }

  private static String text(CRC32 checksum, long length) {
    return length + " " + checksum.getValue();
  }

  private static byte[] bytes() {
    byte[] bytes = new byte[SIZE];
    new Random(7).nextBytes(bytes);
    return bytes;
  }

  private static String checksum(byte[] bytes) {
    CRC32 checksum = new CRC32();
    checksum.update(bytes);
    return text(checksum, bytes.length);
  }

  /** The page's streams say with their first byte what they are for. */
  private void serve(ByteStream stream) throws IOException {
    stream.timeout(Patience.seconds(60));
    ByteBuffer first = ByteBuffer.allocate(1);
    try {
      stream.readFully(first);
      CRC32 checksum = new CRC32();
      long length = 0;
      ByteBuffer buffer = ByteBuffer.allocate(100_000);
      while (stream.read(buffer.clear()) >= 0) {
        length += buffer.flip().remaining();
        checksum.update(buffer);
      }
      // The page's direction has ended; ours goes on.
      pageSent.complete(text(checksum, length));
      stream.write(ByteBuffer.wrap(bytes()));
      stream.finish();
    } catch (StreamResetException e) {
      pageReset.complete(e.code());
    }
  }

  @Test
  void aPageExchangesStreamsWithANode() throws Exception {
    assertEquals("open", result());
    Connection connection = accepted.poll(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS);
    assertNotNull(connection);
    assertEquals(pagesKey.id(), connection.peer());
    connection.serve(this::serve);

    // 16 MiB there and back on one stream, whose directions end one after the other.
    assertEquals(
        "sent " + pageSent.get(Patience.seconds(60).toSeconds(), TimeUnit.SECONDS), result());
    assertEquals("received " + checksum(bytes()), result());
    assertEquals(42, pageReset.get(Patience.seconds(20).toSeconds(), TimeUnit.SECONDS));

    // Our direction ends first.
    try (ByteStream stream = connection.open(Urgency.DEMAND)) {
      stream.timeout(Patience.seconds(20));
      stream.write(ByteBuffer.wrap("Hhello".getBytes(StandardCharsets.US_ASCII)));
      stream.finish();
      String heard = "heard " + checksum("hello".getBytes(StandardCharsets.US_ASCII));
      ByteBuffer answer = ByteBuffer.allocate(heard.length());
      stream.readFully(answer);
      assertEquals(heard, StandardCharsets.US_ASCII.decode(answer.flip()).toString());
      assertEquals(-1, stream.read(ByteBuffer.allocate(1)));
    }

    // We reset.
    ByteStream stream = connection.open(Urgency.DEMAND);
    stream.write(ByteBuffer.wrap(new byte[] {'X'}));
    stream.reset(7);
    assertEquals("reset 7", result());
    assertThrows(StreamResetException.class, () -> stream.write(ByteBuffer.allocate(1)));

    connection.close("enough");
    assertEquals("goodbye enough", result());
  }
}
