package dev.godwit.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Mounting by an ordinary user. Needs root to become one, /dev/fuse and fusermount3. */
@Timeout(120)
final class UserMountTest {
  private static final String SIZE = "1000003";

  @TempDir Path directory;
  private Path home;
  private Path disk;
  private Children children;

  @BeforeEach
  void prepare() throws IOException {
    children = new Children(directory);
    var _ = Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    home = Files.createDirectory(directory.resolve("home"));
    disk = home.resolve("disk");
    children.run("chown", "65534:65534", "home").succeeded();
  }

  @AfterEach
  void endAll() throws IOException {
    children.close();
    children.unmount("home/disk");
  }

  private Children.Running serve(String... options) throws IOException {
    String[] arguments = new String[options.length + 2];
    arguments[0] = disk.toString();
    arguments[1] = SIZE;
    System.arraycopy(options, 0, arguments, 2, options.length);
    return children.javaAsNobody(Map.of(), ServeFile.class, arguments);
  }

  @Test
  void anOrdinaryUserMountsReadsWritesAndUnmounts() throws IOException {
    var server = serve();
    assertEquals("ready", server.line(), server::errors);
    Path known = directory.resolve("known");
    Files.write(known, Seeds.bytes(new Random(1), Integer.parseInt(SIZE)));
    children
        .runAsNobody("dd", "if=" + known, "of=" + disk, "bs=" + SIZE, "count=1", "conv=notrunc")
        .succeeded();
    children.runAsNobody("cmp", known.toString(), disk.toString()).succeeded();
    assertEquals(SIZE, children.runAsNobody("stat", "-c", "%s", disk.toString()).said());
    server.letGo();
    assertEquals(0, server.awaitEnd(), server::errors);
    assertFalse(Files.exists(disk));
  }

  @Test
  void anOrdinaryUsersForcedUnmountEndsThoseWhoUseTheFile() throws IOException {
    var server = serve("force");
    assertEquals("ready", server.line(), server::errors);
    var holder =
        children.start(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "sh",
            "-c",
            "exec 3<home/disk; echo ready; read x; head -c1 <&3");
    server.letGo();
    assertEquals(0, server.awaitEnd(), server::errors);
    holder.letGo();
    assertEquals(1, holder.awaitEnd());
    assertFalse(Files.exists(disk));
  }

  @Test
  void withoutFusermountTheMessageNamesThePackage() throws IOException {
    var server =
        children.javaAsNobody(Map.of("PATH", "/none"), ServeFile.class, disk.toString(), SIZE);
    assertNotEquals(0, server.awaitEnd());
    assertTrue(server.errors().contains("apt-get install fuse3"), server::errors);
    assertFalse(Files.exists(disk));
  }

  @Test
  void whatFusermountComplainsOfIsTold() throws IOException {
    children.run("touch", disk.toString()).succeeded();
    var server = serve();
    assertNotEquals(0, server.awaitEnd());
    assertTrue(server.errors().contains("fusermount3: "), server::errors);
  }
}
