package dev.godwit.nbd.kernel;

import java.util.List;

/**
 * The machine that a guest believes to have, which is of this machine's kind. Its processor is a
 * plain one: it is emulated, so what newer ones can do makes nothing faster.
 */
enum GuestMachine {
  /** 64-bit processors of Intel and AMD. */
  AMD64("qemu-system-x86_64", "qemu-system-x86", "pc", "qemu64", "ttyS0"),
  /** 64-bit processors of ARM. */
  AARCH64("qemu-system-aarch64", "qemu-system-arm", "virt", "cortex-a57", "ttyAMA0");

  private final String emulator;
  private final String debianPackage;
  private final String machine;
  private final String processor;
  private final String console;

  GuestMachine(
      String emulator, String debianPackage, String machine, String processor, String console) {
    this.emulator = emulator;
    this.debianPackage = debianPackage;
    this.machine = machine;
    this.processor = processor;
    this.console = console;
  }

  /** The one like this machine. */
  static GuestMachine here() {
    String name = System.getProperty("os.arch");
    for (GuestMachine machine : values()) {
      if (machine.name().equalsIgnoreCase(name)) {
        return machine;
      }
    }
    throw new AssertionError(
        "this test needs an emulator of a " + name + "; name it in GuestMachine");
  }

  /** The program that emulates it. */
  Tool emulator() {
    return new Tool(emulator, debianPackage);
  }

  /** What the emulator is told about it. */
  List<String> arguments() {
    return List.of("-machine", machine, "-cpu", processor);
  }

  /** What Linux calls its serial line. */
  String console() {
    return console;
  }
}
