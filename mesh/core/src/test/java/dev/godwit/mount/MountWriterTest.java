package dev.godwit.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.godwit.backend.Contents;
import dev.godwit.backend.MemoryBackend;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.session.Origin;
import dev.godwit.session.Peer;
import dev.godwit.session.RemoteException;
import dev.godwit.session.SessionId;
import dev.godwit.session.TestMesh;
import dev.godwit.wire.ProtocolException;
import dev.godwit.wire.proto.Failure;
import dev.godwit.wire.proto.MountRun;
import dev.godwit.wire.proto.MountWriteRequest;
import dev.godwit.wire.proto.MountZeroKind;
import dev.godwit.wire.proto.MountZeroRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;

class MountWriterTest {
  private static final int SIZE = 1 << 20;

  private final TestMesh.Member bob = new TestMesh().member("bob");
  private final SessionId session = SessionId.random(new SecureRandom());
  private final MemoryBackend state = new MemoryBackend(SIZE);
  private final MountWriter writer = new MountWriter(state, ChunkGeometry.of(SIZE));

  private Origin on(long link) {
    return new Origin(new Peer(bob.id(), bob.membership()), session, link);
  }

  private void write(long link, int value, MountRun... runs) throws IOException {
    MountWriteRequest.Builder request = MountWriteRequest.newBuilder().setGeneration(1);
    int bytes = 0;
    for (MountRun run : runs) {
      request.addRuns(run);
      bytes += run.getLength();
    }
    ByteBuffer content = ByteBuffer.allocate(bytes);
    while (content.hasRemaining()) {
      content.put((byte) value);
    }
    writer.write(on(link), request.build(), content.flip());
  }

  private static MountRun run(long offset, int length) {
    return MountRun.newBuilder().setOffset(offset).setLength(length).build();
  }

  private void zero(long link) throws IOException {
    writer.zero(
        on(link),
        MountZeroRequest.newBuilder()
            .setGeneration(1)
            .setLength(100)
            .setKind(MountZeroKind.MOUNT_ZERO_KIND_HOLES)
            .build());
  }

  @Test
  void whatCameOnAnOlderConnectionDoesNotOverwriteWhatIsNewer() throws Exception {
    write(1, 1, run(0, 10));
    write(2, 2, run(0, 10));
    RemoteException late = assertThrows(RemoteException.class, () -> write(1, 1, run(0, 10)));
    assertEquals(Failure.Code.CONFLICT, late.code());
    assertThrows(RemoteException.class, () -> zero(1));
    assertEquals(2, Contents.of(state)[0]);
    zero(2);
    assertEquals(0, Contents.of(state)[0]);
  }

  @Test
  void eachRunIsWrittenInItsPlace() throws Exception {
    write(1, 7, run(10, 2), run(5000, 1));
    byte[] all = Contents.of(state);
    assertEquals(0, all[9]);
    assertEquals(7, all[10]);
    assertEquals(7, all[11]);
    assertEquals(0, all[12]);
    assertEquals(7, all[5000]);
  }

  @Test
  void runsThatOverlapOrHoldNothingAreRefused() throws Exception {
    assertThrows(ProtocolException.class, () -> write(1, 7));
    assertThrows(ProtocolException.class, () -> write(1, 7, run(0, 0)));
    assertThrows(ProtocolException.class, () -> write(1, 7, run(0, 10), run(9, 10)));
    assertThrows(IOException.class, () -> write(1, 7, run(SIZE - 1, 2)));
    assertEquals(0, Contents.of(state)[0]);
  }
}
