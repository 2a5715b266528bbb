package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.NatKind;
import dev.godwit.signaling.HubAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real nodes behind NATs meet, without a relay, wherever RFC 5128 says that they can. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PunchingTest {
  private final Map<NatKind, Member> seeding = new EnumMap<>(NatKind.class);
  private final Map<NatKind, Member> leeching = new EnumMap<>(NatKind.class);
  private Internet internet;
  private World world;
  private Path state;

  @BeforeAll
  void found(@TempDir Path directory) throws Exception {
    internet = Internet.create();
    world = World.in(directory);
    byte[] bytes = new byte[3 << 20];
    new Random(7).nextBytes(bytes);
    state = Files.write(world.path("state"), bytes);
    Host server = internet.host("hub");
    HubAddress _ = world.hub(Place.on(server), server.address().getHostAddress() + ":7007");
    for (NatKind kind :
        List.of(
            NatKind.NONE,
            NatKind.PORT_RESTRICTED,
            NatKind.CARRIER_GRADE,
            NatKind.SYMMETRIC,
            NatKind.ENDPOINT_INDEPENDENT)) {
      seeding.put(kind, member("from", kind));
    }
    for (NatKind kind :
        List.of(
            NatKind.NONE,
            NatKind.PORT_RESTRICTED,
            NatKind.ENDPOINT_INDEPENDENT,
            NatKind.SYMMETRIC)) {
      leeching.put(kind, member("to", kind));
    }
    List<Member> all = new ArrayList<>(seeding.values());
    all.addAll(leeching.values());
    world.found(Place.on(server), all);
  }

  private Member member(String which, NatKind kind) throws Exception {
    String name = which + "-" + kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    return world.stranger(name, Place.on(internet.host(name, kind)));
  }

  @AfterAll
  void end() throws Exception {
    try (Internet _ = internet) {
      world.close();
    }
  }

  @ParameterizedTest(name = "{0} seeds, {1} leeches: {2}")
  @CsvSource({
    "NONE,                 NONE,                 direct",
    "PORT_RESTRICTED,      NONE,                 punched",
    "NONE,                 PORT_RESTRICTED,      direct",
    "PORT_RESTRICTED,      PORT_RESTRICTED,      punched",
    "CARRIER_GRADE,        PORT_RESTRICTED,      punched",
    "SYMMETRIC,            ENDPOINT_INDEPENDENT, punched",
    "ENDPOINT_INDEPENDENT, SYMMETRIC,            punched",
    "SYMMETRIC,            NONE,                 punched",
  })
  void nodesBehindNatsMeet(NatKind seeds, NatKind leeches, String path) throws Exception {
    Member alice = Objects.requireNonNull(seeding.get(seeds));
    Member bob = Objects.requireNonNull(leeching.get(leeches));
    String resource = bob.name();
    Path from = Files.copy(state, world.path(alice.name() + resource));
    Path to = world.path("moved-from-" + from.getFileName());
    try (ChildProcess _ = alice.seed(resource, from);
        ChildProcess leech = bob.leech(alice.name() + "/" + resource, to, "--transport", "quic")) {
      String taken = leech.await("ready", PATIENCE).getOrDefault("path", "");
      leech.await("complete", PATIENCE);
      assertTrue(taken.startsWith(path + " quic "), taken);
      assertEquals(-1, Files.mismatch(from, to));
    }
  }
}
