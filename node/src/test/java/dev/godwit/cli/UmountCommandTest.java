package dev.godwit.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.godwit.chunk.ChunkGeometry;
import dev.godwit.identity.Identity;
import dev.godwit.log.FileLog;
import dev.godwit.migration.proto.CacheBegun;
import dev.godwit.migration.proto.CacheEntry;
import dev.godwit.migration.proto.CacheRuns;
import dev.godwit.node.NodeException;
import dev.godwit.node.StateFolder;
import dev.godwit.node.proto.ProcessStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UmountCommandTest {
  @TempDir private Path folder;

  private String cache(CacheEntry... more) throws IOException {
    Path cache = folder.resolve("cache");
    ChunkGeometry geometry = ChunkGeometry.of(4096);
    CacheBegun begun =
        CacheBegun.newBuilder()
            .setMount(ByteString.copyFrom(new byte[16]))
            .setOwner(ByteString.copyFrom(Identity.generate(new SecureRandom()).id().bytes()))
            .setResource("disk")
            .setSize(geometry.size())
            .setBlockSize(geometry.blockSize())
            .setChunkSize(geometry.chunkSize())
            .setGeneration(1)
            .build();
    try (StateFolder remembered = StateFolder.open(cache);
        FileLog log = remembered.log(StateFolder.Part.CACHE)) {
      log.append(CacheEntry.newBuilder().setBegun(begun).build().toByteArray());
      for (CacheEntry entry : more) {
        log.append(entry.toByteArray());
      }
    }
    return cache.toString();
  }

  private static ProcessStatus mount(String state, String cache) {
    return ProcessStatus.newBuilder().setResource("disk").setState(state).setCache(cache).build();
  }

  private static CacheRuns theOnlyBlock() {
    return CacheRuns.newBuilder().setRuns(ByteString.copyFrom(new byte[] {0, 1})).build();
  }

  @Test
  void withoutACacheEverythingIsSaved() throws Exception {
    UmountCommand.checkSaved(mount("mounted", ""));
    UmountCommand.checkSaved(mount("mounted", folder.resolve("cache").toString()));
  }

  @Test
  void afterAnOrderlyEndEverythingIsSaved() throws Exception {
    String cache = cache(CacheEntry.newBuilder().setWhole(theOnlyBlock()).build());
    UmountCommand.checkSaved(mount("mounted", cache));
  }

  @Test
  void afterAnEndThatWasBrokenOffItIsNotKnownToBeSaved() throws Exception {
    String cache = cache();
    NodeException unknown =
        assertThrows(NodeException.class, () -> UmountCommand.checkSaved(mount("mounted", cache)));
    assertEquals(NodeException.Kind.NOT_SAVED, unknown.kind());
    assertTrue(String.valueOf(unknown.getMessage()).contains("not known to be saved"));
  }

  @Test
  void whatIsNotSavedIsCounted() throws Exception {
    String cache = cache(CacheEntry.newBuilder().setUnsaved(theOnlyBlock()).build());
    NodeException unsaved =
        assertThrows(NodeException.class, () -> UmountCommand.checkSaved(mount("mounted", cache)));
    assertEquals(NodeException.Kind.NOT_SAVED, unsaved.kind());
    assertTrue(String.valueOf(unsaved.getMessage()).contains("could not be saved"));
  }

  @Test
  void aLostMountIsNotSavedByTheSameArguments() throws Exception {
    String cache = cache(CacheEntry.newBuilder().setUnsaved(theOnlyBlock()).build());
    NodeException unsaved =
        assertThrows(
            NodeException.class, () -> UmountCommand.checkSaved(mount(MountCommand.LOST, cache)));
    assertEquals(NodeException.Kind.NOT_SAVED, unsaved.kind());
    assertEquals(
        "4.0 KiB of disk could not be saved. They are in "
            + cache
            + ", which fits only what the owner had before: to mount it anew, give another"
            + " --cache, or delete that one.",
        unsaved.getMessage());
  }
}
