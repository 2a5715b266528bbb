package dev.godwit.run;

import dev.godwit.testnetwork.Outcome;
import dev.godwit.testnetwork.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A file as a block device with a file system that is in use. */
final class Disk implements AutoCloseable {
  private final Programs programs;
  private final String device;
  private final Path at;
  private boolean attached = true;

  /** How a file system is mounted. */
  enum Use {
    /** To be written. */
    WRITE,
    /** To be read only; its journal must be empty. */
    READ
  }

  private Disk(Programs programs, String device, Path at) {
    this.programs = programs;
    this.device = device;
    this.at = at;
  }

  /**
   * Mounts the file system that a file holds.
   *
   * @param at a folder; made when it is not there
   */
  static Disk attach(Programs programs, Path file, Path at, Use use)
      throws IOException, InterruptedException {
    List<String> losetup = new ArrayList<>(List.of("losetup", "--find", "--show"));
    losetup.addAll(
        switch (use) {
          case WRITE -> List.of("--direct-io=on");
          case READ -> List.of("--read-only");
        });
    losetup.add(file.toString());
    String device = programs.run("", losetup).succeeded().out().strip();
    Files.createDirectories(at);
    Disk disk = new Disk(programs, device, at);
    Outcome mounted =
        programs.run(
            "mount",
            "-t",
            "ext4",
            "-o",
            switch (use) {
              case WRITE -> "noatime";
              case READ -> "ro";
            },
            device,
            at.toString());
    if (mounted.status() != 0) {
      disk.close();
      throw new IOException("the file system cannot be mounted: " + mounted);
    }
    return disk;
  }

  /** Where its files are. */
  Path files() {
    return at;
  }

  /** Unmounts in order. */
  void detach() throws IOException, InterruptedException {
    var _ = programs.run("umount", at.toString()).succeeded();
    var _ = programs.run("losetup", "--detach", device).succeeded();
    attached = false;
  }

  /** Takes it away whatever state it is in. */
  @Override
  public void close() throws IOException {
    if (!attached) {
      return;
    }
    attached = false;
    try {
      var _ = programs.run("umount", "--lazy", at.toString());
      var _ = programs.run("losetup", "--detach", device);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + device + " was taken away", e);
    }
  }
}
