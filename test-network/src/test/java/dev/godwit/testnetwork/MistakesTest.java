package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import dev.godwit.demo.ChildProcess;
import dev.godwit.node.MeshFounding;
import dev.godwit.signaling.HubAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Mistakes that people make, each through the real command: the exit status and the message are
 * those of a file that can be read, and with {@code --json} the result says the same. To write the
 * file anew after a change, and read it: {@code -Dgodwit.mistakes=write}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MistakesTest {
  private static final Path FILE = Path.of("src/test/resources/mistakes.txt");
  private static final int NOBODY = 65_534;

  private World world;
  private ChildProcess seed;
  private ServerSocket other;
  private String ticket = "";
  private String typo = "";
  private String expired = "";
  private Path folder;
  private final List<String> written = new ArrayList<>();

  /** What differs from run to run, and what stands for it in the file. */
  private final Map<String, String> names = new LinkedHashMap<>();

  static List<Mistake> all() throws IOException {
    return Mistake.in(FILE);
  }

  @BeforeAll
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
    // Everybody has to get through to what belongs to the user.
    world.programs().run("chmod", "755", directory.toString()).succeeded();
    List<Member> members = world.mesh("alice", "bob");
    folder = Files.createDirectory(world.path("work"));
    StateFile.random(folder.resolve("state.img"), 1 << 20, 7);
    StateFile.random(folder.resolve("offered.img"), 1 << 20, 8);
    Files.createFile(folder.resolve("empty.img"));
    Files.createFile(folder.resolve("an empty one.img"));
    world.programs().run("mkfifo", folder.resolve("pipe").toString()).succeeded();
    Files.createDirectory(folder.resolve("folder"));
    Files.createDirectory(folder.resolve("a folder"));
    Files.writeString(folder.resolve("text"), "no key");
    databases();
    damagedHomes();
    homesWithoutTheirKeys();
    user();
    seed = members.get(0).seed("vm1", folder.resolve("offered.img"));
    tickets(members.get(0));
    other = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    names(members.get(0), members.get(1));
  }

  /** As SQLite leaves them: one that was closed, and one whose program was killed. */
  private void databases() throws IOException {
    byte[] page = Arrays.copyOf("SQLite format 3\0".getBytes(StandardCharsets.US_ASCII), 4096);
    page[18] = 2;
    page[19] = 2;
    Files.write(folder.resolve("wal.db"), page);
    Files.write(folder.resolve("logged.db"), page);
    Files.write(folder.resolve("logged.db-wal"), new byte[32]);
  }

  private void damagedHomes() throws Exception {
    for (String file : List.of("mesh.properties", "identity.pem", "membership.der")) {
      Path home = world.path("home-damaged-" + file.replaceAll("\\..*", ""));
      world.programs().run("cp", "-r", world.path("home-bob").toString(), home.toString());
      assertTrue(Files.exists(home.resolve(file)), file);
      Files.writeString(home.resolve(file), "damaged");
    }
  }

  /** Homes of members whose key is gone, or is that of somebody else. */
  private void homesWithoutTheirKeys() throws Exception {
    for (String name : List.of("keyless", "otherkey")) {
      Path home = world.path("home-" + name);
      world.programs().run("cp", "-r", world.path("home-bob").toString(), home.toString());
      Files.delete(home.resolve("identity.pem"));
    }
    world
        .programs()
        .run(
            "cp",
            world.path("home-alice").resolve("identity.pem").toString(),
            world.path("home-otherkey").toString())
        .succeeded();
  }

  /** What somebody may do who is not root: next to nothing. */
  private void user() throws Exception {
    Path closed = Files.createDirectory(folder.resolve("closed"));
    StateFile.random(closed.resolve("state.img"), 1 << 20, 9);
    StateFile.random(folder.resolve("secret.img"), 1 << 20, 9);
    StateFile.random(folder.resolve("read-only.img"), 1 << 20, 9);
    world.programs().run("chmod", "666", closed.resolve("state.img").toString()).succeeded();
    world.programs().run("chmod", "600", folder.resolve("secret.img").toString()).succeeded();
    world.programs().run("chmod", "444", folder.resolve("read-only.img").toString()).succeeded();
    world.programs().run("chmod", "777", folder.toString()).succeeded();
    world.programs().run("chmod", "777", world.temporary().toString()).succeeded();
    Path home = world.path("home-user");
    world.programs().run("cp", "-r", world.path("home-bob").toString(), home.toString());
    world.programs().run("chown", "-R", NOBODY + ":" + NOBODY, home.toString()).succeeded();
  }

  private void tickets(Member alice) throws Exception {
    ticket = invited(alice, "carol");
    int middle = ticket.length() / 2;
    typo =
        ticket.substring(0, middle)
            + (ticket.charAt(middle) == 'a' ? 'b' : 'a')
            + ticket.substring(middle + 1);
    expired = MeshFounding.invite(alice.nodeHome(), "dave", List.of(), Duration.ofMillis(1)).text();
  }

  private static String invited(Member alice, String name) throws Exception {
    try (ChildProcess invite = alice.start("mesh", "invite", name, "--no-wait")) {
      return Objects.requireNonNull(invite.await("ticket", World.PATIENCE).get("ticket"));
    }
  }

  private void names(Member alice, Member bob) throws Exception {
    HubAddress hub = world.hub();
    String fingerprint = hub.toString().substring(hub.toString().indexOf('/') + 1);
    names.put("TYPO", typo);
    names.put("EXPIRED", expired);
    names.put("TICKET", ticket);
    names.put("OTHERPORT", Integer.toString(other.getLocalPort()));
    names.put("HUBPORT", Integer.toString(hub.port()));
    names.put("OTHERPRINT", otherPrint());
    names.put("FINGERPRINT", fingerprint);
    names.put("LONGNAME", "x".repeat(110));
    names.put("ALICEID", alice.nodeHome().identity().id().toString());
    names.put("BOBID", bob.nodeHome().identity().id().toString());
    names.put("BOBSHORT", bob.nodeHome().identity().id().shortForm());
    names.put("HOMES", world.path("home").toString());
    names.put("DIR", folder.toString());
  }

  /** Of a hub that is started for it, and ended. */
  private String otherPrint() throws Exception {
    try (ChildProcess hub =
        world.start("hub", "--listen", World.LOOPBACK, "--data", world.path("other").toString())) {
      return hub.await("ready", World.PATIENCE).getOrDefault("address", "").replaceAll(".*/", "");
    }
  }

  @AfterAll
  void end() throws Exception {
    if (writes()) {
      Files.writeString(FILE, String.join("\n", written));
    }
    try (World _ = world;
        ServerSocket _ = other) {
      seed.close();
    }
  }

  private static boolean writes() {
    return "write".equals(System.getProperty("godwit.mistakes"));
  }

  private List<String> shell(Mistake mistake, String more) throws IOException {
    String text = mistake.command().replaceFirst("^godwit", "godwit" + more);
    for (Map.Entry<String, String> name : names.entrySet()) {
      text = text.replace(name.getKey(), name.getValue());
    }
    List<String> command =
        new Terminal(Place.HERE, folder)
            .remember("export GODWIT_HOME=" + world.path("home-" + mistake.who()))
            .command(text);
    if (!mistake.who().equals("user")) {
      return command;
    }
    List<String> asUser =
        new ArrayList<>(
            List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups", "--"));
    asUser.addAll(command);
    return asUser;
  }

  private String readable(String text) {
    String shown = text;
    for (Map.Entry<String, String> name : names.entrySet()) {
      shown = shown.replace(name.getValue(), name.getKey());
    }
    return shown.strip();
  }

  @ParameterizedTest
  @MethodSource("all")
  void aMistakeIsExplained(Mistake mistake) throws Exception {
    CompletableFuture<Outcome> beside = new CompletableFuture<>();
    // Both at once, as most of the time goes into starting them; but not two that lock one state.
    if (!mistake.locks()) {
      Thread.ofPlatform().daemon().start(() -> run(mistake, beside));
    }
    Outcome plain = world.programs().run("", shell(mistake, ""));
    if (mistake.locks()) {
      run(mistake, beside);
    }
    String said = plain.status() + " " + readable(withoutWaits(plain.err()));
    if (writes()) {
      written.add(mistake.saying(said).text());
    } else {
      assertEquals(mistake.said(), said);
    }
    assertTrue(
        plain.status() >= 1 && plain.status() <= ExitStatus.values().length, plain::toString);
    assertFalse(plain.err().contains("Exception"), plain::err);
    assertFalse(plain.err().contains("\tat "), plain::err);
    Outcome json = beside.get(2 * World.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    assertEquals(plain.status(), json.status(), json::toString);
    String last = json.out().lines().reduce((_, next) -> next).orElse("");
    assertTrue(
        last.startsWith("{\"event\":\"result\",\"ok\":false,\"status\":" + plain.status() + ","),
        json::toString);
    assertTrue(
        readable(plain.err()).contains(readable(error(last))), () -> plain.err() + " / " + last);
  }

  /** What is waited for is told when it takes long, which differs from run to run. */
  private static String withoutWaits(String text) {
    return text.lines().filter(line -> !line.endsWith("…")).collect(Collectors.joining("\n"));
  }

  private void run(Mistake mistake, CompletableFuture<Outcome> outcome) {
    try {
      outcome.complete(world.programs().run("", shell(mistake, " --json")));
    } catch (IOException | InterruptedException | RuntimeException e) {
      outcome.completeExceptionally(e);
    }
  }

  private static String error(String json) {
    return json.replaceAll(".*\"error\":\"(.*)\"}", "$1")
        .replace("\\\"", "\"")
        .replace("\\n", "\n")
        .replace("\\\\", "\\");
  }

  @Test
  void thereAreAtLeastSixty() throws IOException {
    assertTrue(all().size() >= 60);
  }
}
