package dev.godwit.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.identity.InvalidNodeIdException;
import dev.godwit.identity.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeshKeyTest {

  private final SecureRandom random = new SecureRandom();
  private final MeshKey key = MeshKey.generate(random);
  private final MeshId id = key.id();
  @TempDir private Path dir;

  @Test
  void theIdIsReadAsPrintedAndForgivingly() {
    assertTrue(id.toString().startsWith("mesh-"));
    assertEquals(id, MeshId.parse(id.toString()));
    assertEquals(id, MeshId.parse(" " + id.toString().toUpperCase(Locale.ROOT)));
    assertEquals(id, MeshId.parse(id.toString().replace("-", " ")));
    assertEquals(id, MeshId.of(id.bytes()));
  }

  @Test
  void aNodeIdIsNotAMeshId() {
    String node = NodeId.of(id.bytes()).toString();
    assertThrows(InvalidMeshIdException.class, () -> MeshId.parse(node));
    assertThrows(InvalidNodeIdException.class, () -> NodeId.parse(id.toString()));
  }

  @Test
  void aTypoInTheIdIsNoticed() {
    String text = id.toString();
    char last = text.charAt(text.length() - 1);
    String typo = text.substring(0, text.length() - 1) + (last == 'A' ? 'C' : 'A');
    for (String wrong : List.of(typo, "", "mesh-", "mesh", text + "A")) {
      assertThrows(InvalidMeshIdException.class, () -> MeshId.parse(wrong), wrong);
    }
  }

  @Test
  void itsSignatureIsForItsContextOnly() {
    byte[] message = {1};
    byte[] signature = key.sign("one", message);
    assertTrue(id.verify("one", message, signature));
    assertFalse(id.verify("two", message, signature));
    assertFalse(MeshKey.generate(random).id().verify("one", message, signature));
  }

  @Test
  void theCreatedFileIsReadBackAndPrivate() throws IOException {
    Path file = dir.resolve("mesh.pem");
    MeshKey created = MeshKey.loadOrCreate(file, random);
    assertEquals(created.id(), MeshKey.loadOrCreate(file, random).id());
    assertEquals(created.id(), MeshKey.load(file).id());
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
  }

  @Test
  void itsTextNamesTheIdOnly() {
    assertEquals("MeshKey[" + id + "]", key.toString());
  }
}
