package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The headers are those that qemu-img makes. */
final class Qcow2FileTest {
  @TempDir private Path folder;

  private static ByteBuffer header() {
    return ByteBuffer.allocate(4096).putInt(0, 0x514649fb).putInt(4, 3);
  }

  private Path image(ByteBuffer header) throws IOException {
    byte[] bytes = new byte[header.remaining()];
    header.get(bytes);
    return Files.write(folder.resolve("disk.qcow2"), bytes);
  }

  private static String refusal(Path file) {
    return String.valueOf(
        assertThrows(NodeException.class, () -> Qcow2File.check(file)).getMessage());
  }

  @Test
  void anImageByItselfIsWhole() throws Exception {
    Qcow2File.check(image(header()));
  }

  @Test
  void anImageOnTopOfAnotherOneIsRefused() throws Exception {
    byte[] name = "/images/base.qcow2".getBytes(StandardCharsets.UTF_8);
    Path file = image(header().putLong(8, 512).putInt(16, name.length).put(512, name));
    String said = refusal(file);
    assertTrue(said.contains("on top of another one, /images/base.qcow2, which would stay"), said);
    assertTrue(said.contains("qemu-img convert -O qcow2 " + file), said);
  }

  @Test
  void aNameThatIsNowhereIsNotLookedFor() throws Exception {
    for (ByteBuffer header :
        List.of(
            header().putLong(8, Long.MAX_VALUE).putInt(16, 1000),
            header().putLong(8, -5).putInt(16, 10),
            header().putLong(8, 512).putInt(16, -1))) {
      assertTrue(refusal(image(header)).contains("without a name"));
    }
  }

  @Test
  void anImageWhoseDataIsElsewhereIsRefused() throws Exception {
    assertTrue(refusal(image(header().putLong(72, 4))).contains("whose data is in another file"));
  }

  @Test
  void otherFilesAreLeftAlone() throws Exception {
    Qcow2File.check(Files.write(folder.resolve("short"), new byte[] {'Q', 'F', 'I', (byte) 0xfb}));
    Qcow2File.check(Files.write(folder.resolve("raw"), new byte[4096]));
  }
}
