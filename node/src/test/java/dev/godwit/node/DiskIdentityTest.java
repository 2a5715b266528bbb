package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.node.DiskIdentity.Lasting;
import dev.godwit.node.DiskIdentity.None;
import dev.godwit.node.DiskIdentity.OfFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On descriptions as the kernel makes them. */
final class DiskIdentityTest {
  private static final long SDA = 8 << 8;
  private static final long SDA2 = (8 << 8) | 2;

  @TempDir private Path sysfs;

  @BeforeEach
  void folders() throws IOException {
    Files.createDirectories(sysfs.resolve("dev/block"));
  }

  private Path disk(String numbers, String where) throws IOException {
    Path described = Files.createDirectories(sysfs.resolve("devices").resolve(where));
    Files.createSymbolicLink(sysfs.resolve("dev/block").resolve(numbers), described);
    return described;
  }

  private static void say(Path described, String file, String text) throws IOException {
    Path to = described.resolve(file);
    Files.createDirectories(to.resolveSibling(""));
    Files.writeString(to, text + "\n");
  }

  private DiskIdentity identity(long number) throws IOException {
    return DiskIdentity.numbered(number, sysfs);
  }

  @Test
  void aDiskIsItsNumberWhateverItsName() throws Exception {
    say(disk("8:0", "pci/ata1/block/sda"), "device/wwid", "naa.5000c500a1b2c3d4 ");
    assertEquals(new Lasting("naa.5000c500a1b2c3d4"), identity(SDA));
  }

  @Test
  void aLogicalVolumeIsItsNumber() throws Exception {
    say(disk("254:3", "virtual/block/dm-3"), "dm/uuid", "LVM-abcDEF");
    assertEquals(new Lasting("LVM-abcDEF"), identity(254 << 8 | 3));
  }

  @Test
  void aVirtualDiskIsItsSerialNumber() throws Exception {
    say(disk("253:0", "pci/virtio1/block/vda"), "serial", "disk-7");
    assertEquals(new Lasting("disk-7"), identity(253 << 8));
  }

  private void secondPartition() throws IOException {
    Path second = disk("8:2", "pci/ata1/block/sda/sda2");
    say(second, "partition", "2");
    say(second, "start", "2048");
  }

  @Test
  void aPartitionIsWhereItBeginsOnItsDisk() throws Exception {
    Path sda = disk("8:0", "pci/ata1/block/sda");
    say(sda, "device/wwid", "naa.1");
    secondPartition();
    assertEquals(new Lasting("naa.1-from-2048"), identity(SDA2));
  }

  @Test
  void aPartOfADiskWithoutANumberIsNotKnownAgain() throws Exception {
    Path sda = disk("8:0", "pci/ata1/block/sda");
    say(sda, "size", "100");
    secondPartition();
    assertInstanceOf(None.class, identity(SDA2));
  }

  @Test
  void aDiskWithoutANumberIsNotKnownAgain() throws Exception {
    say(disk("8:0", "pci/ata1/block/sda"), "serial", "");
    None none = assertInstanceOf(None.class, identity(SDA));
    assertTrue(none.why().contains("no serial number"), none.why());
  }

  @Test
  void aNumberThatIsAllZeroIsNone() throws Exception {
    say(disk("259:0", "pci/nvme/nvme0n1"), "wwid", "eui.0000000000000000");
    assertInstanceOf(None.class, identity(259 << 8));
  }

  @Test
  void aLoopDeviceIsItsFile() throws Exception {
    Path file = Files.createFile(sysfs.resolve("disk.img"));
    Path loop = disk("7:1", "virtual/block/loop1");
    say(loop, "loop/backing_file", file.toString());
    say(loop, "loop/offset", "0");
    say(loop, "loop/sizelimit", "0");
    assertEquals(new OfFile(file.toRealPath()), identity(7 << 8 | 1));
  }

  @Test
  void aPartOfAFileIsNotKnownAgain() throws Exception {
    Path file = Files.createFile(sysfs.resolve("disk.img"));
    Path loop = disk("7:1", "virtual/block/loop1");
    say(loop, "loop/backing_file", file.toString());
    say(loop, "loop/offset", "1048576");
    say(loop, "loop/sizelimit", "0");
    None none = assertInstanceOf(None.class, identity(7 << 8 | 1));
    assertTrue(none.why().contains("a part of the file " + file), none.why());
  }

  @Test
  void aFileThatIsGoneIsSaid() throws Exception {
    Path loop = disk("7:1", "virtual/block/loop1");
    say(loop, "loop/backing_file", "/gone/disk.img (deleted)");
    say(loop, "loop/offset", "0");
    say(loop, "loop/sizelimit", "0");
    assertInstanceOf(None.class, identity(7 << 8 | 1));
  }

  @Test
  void numbersThatDifferHaveNamesThatDiffer() throws Exception {
    say(disk("8:0", "pci/ata1/block/sda"), "device/wwid", "t10.ATA A/B");
    say(disk("8:2", "pci/ata2/block/sdb"), "device/wwid", "t10.ATA A_B");
    Lasting one = assertInstanceOf(Lasting.class, identity(SDA));
    Lasting other = assertInstanceOf(Lasting.class, identity(SDA2));
    assertNotEquals(one, other);
    assertTrue(one.id().matches("[A-Za-z0-9._-]+"), one.id());
  }

  /** As makedev(3) packs them. */
  @Test
  void largeNumbersAreUnpacked() throws Exception {
    say(disk("5000:300", "virtual/block/x"), "serial", "large");
    long number =
        ((5000L & 0xfff) << 8) | ((5000L & ~0xfffL) << 32) | (300 & 0xff) | ((300L & ~0xffL) << 12);
    assertEquals(new Lasting("large"), identity(number));
  }

  @Test
  void whatTheKernelDoesNotDescribeIsNotKnownAgain() throws Exception {
    assertInstanceOf(None.class, identity(SDA));
  }
}
