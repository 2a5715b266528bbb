package dev.godwit.testnetwork;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.cli.ExitStatus;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hubs with which something is wrong, and what is said of it. */
class HubTroubleTest {
  private static final String AHEAD = "The clock of this machine is 2 hours ahead of the hub's.";

  private World world;

  @BeforeEach
  void begin(@TempDir Path directory) throws Exception {
    world = World.in(directory);
  }

  @AfterEach
  void end() throws Exception {
    world.close();
  }

  private Outcome inNetwork(String text) throws Exception {
    return world
        .programs()
        .run(
            "",
            new Terminal(Place.HERE, world.path(""))
                .command(
                    "exec unshare -rmn sh -c 'set -e; ip link set lo up\n"
                        + text.replace("'", "'\\''")
                        + "'"));
  }

  @Test
  void aHubWhosePacketsAreDroppedIsSaidNotToAnswer() throws Exception {
    String fingerprint = world.hub().toString().replaceAll(".*/", "");
    Outcome outcome =
        inNetwork(
            "nft add table inet t; nft add chain inet t in"
                + " '{ type filter hook input priority 0; }'\n"
                + "nft add rule inet t in tcp dport 7007 drop\n"
                + "godwit mesh create lab --hub 127.0.0.1:7007/"
                + fingerprint);
    assertEquals(ExitStatus.UNREACHABLE.code(), outcome.status(), outcome::toString);
    // The end comes only after ten seconds, so what is wrong is said before.
    List<String> said = outcome.err().lines().toList();
    assertEquals("reaching the hub 127.0.0.1:7007, no answer yet…", said.getFirst());
    String why = "Nothing answers at 127.0.0.1:7007: the machine is off";
    assertEquals(
        1,
        said.stream().filter(line -> line.startsWith("trying the hub again: " + why)).count(),
        outcome::err);
    assertTrue(said.getLast().contains(why), outcome::err);
  }

  @Test
  void aHubWithTwoAddressesAnswersStunFromTheOneThatWasAsked() throws Exception {
    Outcome outcome =
        inNetwork(
            """
            ip addr add 127.0.0.2/8 dev lo
            godwit hub --listen 0.0.0.0:7007 --data keys > said 2>&1 &
            hub=$!
            trap "kill $hub; wait $hub || :" EXIT
            until grep -q "hub is up" said; do sleep 0.2; done
            python3 -c '
            import socket
            for address in ("127.0.0.1", "127.0.0.2"):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                s.bind(("127.0.0.1", 0))
                s.settimeout(20)
                s.sendto(bytes.fromhex("000100002112a442") + bytes(12), (address, 7007))
                print("asked", address, "answered from", s.recvfrom(2000)[1][0])
            '
            """);
    assertEquals(
        List.of(
            "asked 127.0.0.1 answered from 127.0.0.1", "asked 127.0.0.2 answered from 127.0.0.2"),
        outcome.succeeded().out().lines().toList());
  }

  /** A hub that listens at the second of two addresses, and a node that knows its name. */
  private Outcome atTheSecondAddress(String firstAddress) throws Exception {
    return inNetwork(
        """
        printf '127.0.0.1 hub.test\\n127.0.0.2 hub.test\\n' > hosts
        mount --bind hosts /etc/hosts
        nft add table inet t
        nft add chain inet t in '{ type filter hook input priority 0; }'
        %s
        godwit hub --listen 127.0.0.2:7007 --data keys > said 2>&1 &
        hub=$!
        trap "kill $hub; wait $hub || :" EXIT
        until grep -q "hub is up" said; do sleep 0.2; done
        fingerprint=$(grep -o '127.0.0.2:7007/[^ ]*' said | head -1 | cut -d/ -f2)
        godwit mesh create lab --hub hub.test:7007/$fingerprint
        godwit ls
        """
            .formatted(firstAddress));
  }

  @Test
  void aHubIsReachedAtItsSecondAddressWhenNothingListensAtTheFirst() throws Exception {
    Outcome outcome = atTheSecondAddress("").succeeded();
    assertTrue(outcome.out().contains("Nothing is offered"), outcome::toString);
  }

  @Test
  void aHubIsReachedAtItsSecondAddressWhenTheFirstIsSilent() throws Exception {
    Outcome outcome =
        atTheSecondAddress("nft add rule inet t in ip daddr 127.0.0.1 tcp dport 7007 drop")
            .succeeded();
    assertTrue(outcome.out().contains("Nothing is offered"), outcome::toString);
  }

  private void assertSaidOfTheHub(String why, String setting, String hub) throws Exception {
    String fingerprint = world.hub().toString().replaceAll(".*/", "");
    Outcome outcome =
        inNetwork(setting + "\ngodwit mesh create lab --hub " + hub + "/" + fingerprint);
    assertEquals(ExitStatus.UNREACHABLE.code(), outcome.status(), outcome::toString);
    assertTrue(outcome.err().lines().toList().getLast().contains(why), outcome::toString);
  }

  @Test
  void namesThatNobodyLooksUpAreSaidToBeThat() throws Exception {
    assertSaidOfTheHub(
        "cannot be looked up: no DNS server answers",
        """
        echo "nameserver 127.0.0.1" > resolv
        mount --bind resolv /etc/resolv.conf
        nft add table inet t
        nft add chain inet t in '{ type filter hook input priority 0; }'
        nft add rule inet t in udp dport 53 drop
        nft add rule inet t in tcp dport 53 drop
        """,
        "hub.test:7007");
  }

  @Test
  void aMachineWithoutANetworkIsSaidToBeThat() throws Exception {
    assertSaidOfTheHub("This machine has no way to 192.0.2.1:7007", "", "192.0.2.1:7007");
  }

  @Test
  void whatTakesConnectionsAndSaysNothingIsSaidToBeThat() throws Exception {
    assertSaidOfTheHub(
        "takes connections and says nothing",
        """
        python3 -c '
        import socket, time
        s = socket.create_server(("127.0.0.1", 7007))
        time.sleep(600)
        ' &
        silent=$!
        trap "kill $silent" EXIT
        until ss -ltn | grep -q :7007; do sleep 0.1; done
        """,
        "127.0.0.1:7007");
  }

  private static List<String> laterBy(String difference, List<String> command) {
    List<String> all = new ArrayList<>(List.of("faketime", "-f", difference));
    all.addAll(command);
    return all;
  }

  private List<String> as(Member member, String... arguments) {
    List<String> command = new ArrayList<>(world.command(arguments));
    command.addAll(List.of("--home", member.home().toString()));
    return command;
  }

  @Test
  void aClockThatIsTwoHoursAheadIsSaidToBe() throws Exception {
    Member bob = world.mesh("alice", "bob").get(1);
    Outcome listed = world.programs().run("", laterBy("+2h", as(bob, "ls")));
    assertTrue(listed.err().contains(AHEAD), listed::toString);
    Outcome doctor =
        world.programs().run("", laterBy("-2h", as(bob, "doctor", "--listen", World.LOOPBACK)));
    assertTrue(doctor.out().contains("clock    2 hours behind the hub's"), doctor::toString);
  }

  @Test
  void aHubThatDoesNotRunIsSaidNotToOnce() throws Exception {
    Member bob = world.mesh("alice", "bob").get(1);
    world.hubProcess().close();
    Outcome listed = bob.run("ls");
    assertEquals(ExitStatus.UNREACHABLE.code(), listed.status(), listed::toString);
    // First as the reason why it takes so long, then as the end.
    assertTrue(times("trying the hub again: Nothing listens", listed.err()) <= 1, listed::err);
    assertEquals(1, times("cannot be reached. Nothing listens", listed.err()), listed::err);
    assertTrue(times("Nothing listens", listed.err()) <= 2, listed::err);
    assertFalse(listed.err().contains("?…"), listed::err);
    Outcome doctor = bob.run("doctor", "--listen", World.LOOPBACK);
    assertEquals(ExitStatus.UNREACHABLE.code(), doctor.status(), doctor::toString);
    assertFalse(doctor.err().contains("godwit:"), doctor::err);
    assertEquals(1, times("nothing listens", doctor.out()), doctor::out);
    assertTrue(doctor.out().contains("hub      nobody can log in at "), doctor::out);
  }

  private static long times(String part, String text) {
    return Pattern.compile(Pattern.quote(part), Pattern.CASE_INSENSITIVE)
        .matcher(text)
        .results()
        .count();
  }

  @Test
  void aTicketThatOnlyLooksExpiredIsNotCalledSo() throws Exception {
    Member alice = world.mesh("alice").getFirst();
    String ticket;
    try (var invite = alice.start("mesh", "invite", "carol", "--no-wait", "--valid", "1h")) {
      ticket = String.valueOf(invite.await("ticket", World.PATIENCE).get("ticket"));
    }
    Member carol = world.stranger("carol");
    Outcome outcome =
        world.programs().run(ticket + "\n", laterBy("+2h", as(carol, "mesh", "join")));
    assertEquals(ExitStatus.NOT_ALLOWED.code(), outcome.status(), outcome::toString);
    assertTrue(outcome.err().contains("by the clock of this machine. " + AHEAD), outcome::err);
    assertFalse(outcome.err().contains("Ask for a new one"), outcome::err);
  }
}
