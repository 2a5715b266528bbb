package dev.godwit.hub;

import com.google.protobuf.ByteString;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.membership.Serial;
import dev.godwit.seal.InstanceId;
import dev.godwit.seal.SealingKey;
import dev.godwit.signaling.Credentials;
import dev.godwit.signaling.HubAddress;
import dev.godwit.signaling.HubClient;
import dev.godwit.signaling.proto.Lookup;
import dev.godwit.signaling.proto.Ping;
import dev.godwit.signaling.proto.Route;
import dev.godwit.signaling.proto.ToHub;
import dev.godwit.signaling.proto.WhoIsThere;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What somebody does to a hub who knows its address, a mesh's id and a node's, and has no rights.
 */
enum Attack {
  /** As many pings as there is room for. */
  PINGS {
    @Override
    void commit(Scene scene) throws Exception {
      try (RawClient client = scene.login(scene.otherMesh())) {
        for (long id = 1; scene.goesOn(); id++) {
          client.send(ToHub.newBuilder().setPing(Ping.newBuilder().setId(id)).build());
        }
      }
    }
  },
  /** Pings of WebSocket whose answers are never read. */
  WS_PINGS {
    @Override
    void commit(Scene scene) throws Exception {
      try (RawClient client = scene.login(scene.otherMesh())) {
        pings(client, scene);
      }
    }
  },
  /** The same, of somebody who does not log in. */
  EARLY_WS_PINGS {
    @Override
    void commit(Scene scene) throws Exception {
      try (RawClient client = scene.connect()) {
        scene.committed();
        pings(client, scene);
      }
    }
  },
  /** Questions whose answers are never read. */
  DEAF {
    @Override
    void commit(Scene scene) throws Exception {
      try (RawClient client = scene.login(scene.victims())) {
        client.stopReading();
        for (long sequence = 1; scene.goesOn(); sequence++) {
          client.send(
              ToHub.newBuilder()
                  .setWhoIsThere(WhoIsThere.newBuilder().setSequence(sequence))
                  .build());
          client.send(
              ToHub.newBuilder()
                  .setLookup(Lookup.newBuilder().setSequence(sequence).addNodes(scene.receiver()))
                  .build());
        }
      }
    }
  },
  /** Boxes for a node that does not know the sender. */
  STRANGERS {
    @Override
    void commit(Scene scene) throws Exception {
      ByteString box = ByteString.copyFrom(new byte[60_000]);
      try (RawClient client = scene.login(scene.otherMesh())) {
        for (long sequence = 1; scene.goesOn(); sequence++) {
          client.send(
              ToHub.newBuilder()
                  .setRoute(
                      Route.newBuilder()
                          .setSequence(sequence)
                          .setToNode(scene.receiver())
                          .setBox(box))
                  .build());
        }
      }
    }
  },
  /** Lists of twenty thousand revocations, of one mesh after the other. */
  REVOCATIONS {
    @Override
    void commit(Scene scene) throws Exception {
      MeshKey mesh = MeshKey.generate(scene.fixture().random);
      List<Serial> serials =
          IntStream.range(0, 20_000).mapToObj(_ -> Serial.random(scene.fixture().random)).toList();
      Revocations list = Revocations.none(mesh.id()).revoke(mesh, serials, Instant.now());
      try (HubClient client = scene.client(mesh)) {
        var _ = client.awaitOnline(Fixture.PATIENCE);
        while (scene.goesOn()) {
          var _ = Fixture.get(client.publish(list));
          scene.committed();
          list = list.revoke(mesh, scene.fixture().identity().id(), Instant.now());
        }
      }
    }
  },
  /** Nodes that say that they are of a mesh, come and go. */
  FORGED {
    @Override
    void commit(Scene scene) throws Exception {
      List<RawClient> there = new ArrayList<>();
      try {
        while (scene.goesOn() && there.size() < 20) {
          there.add(scene.login(scene.victims()));
        }
      } finally {
        there.forEach(RawClient::close);
      }
    }
  };

  private static void pings(RawClient client, Scene scene) throws Exception {
    byte[] most = new byte[125];
    client.stopReading();
    while (scene.goesOn()) {
      client.ping(most);
    }
  }

  /** Goes on until it is over, or the hub has had enough of it. */
  abstract void commit(Scene scene) throws Exception;

  /** Where it takes place. */
  interface Scene {
    Fixture fixture();

    HubAddress hub();

    /** The mesh of those who are to suffer. */
    MeshKey victims();

    /** The node that boxes are for. */
    ByteString receiver();

    boolean goesOn();

    /** Something has been done to the hub. */
    void committed();

    default MeshKey otherMesh() {
      return MeshKey.generate(fixture().random);
    }

    private Credentials stranger(MeshKey mesh) {
      return new Credentials(
          fixture().identity(),
          mesh.id(),
          InstanceId.random(fixture().random),
          SealingKey.generate(fixture().random));
    }

    /** Somebody new, who has not said anything. */
    default RawClient connect() throws Exception {
      return new RawClient(hub(), InetAddress.ofLiteral("127.0.0.66"));
    }

    /** Somebody new, who says that he is of that mesh. */
    default RawClient login(MeshKey mesh) throws Exception {
      RawClient client = connect();
      try {
        client.login(hub(), stranger(mesh));
      } catch (Exception | AssertionError e) {
        client.close();
        throw e;
      }
      committed();
      return client;
    }

    /** Somebody new who speaks the protocol as he should. */
    default HubClient client(MeshKey mesh) {
      return HubClient.start(
          hub(), stranger(mesh), Fixture.TIMING, fixture().clock, fixture().random);
    }
  }
}
