package dev.godwit.cli;

import dev.godwit.demo.Demo;
import dev.godwit.demo.RecordChecker;
import dev.godwit.doctor.Finding;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What a command shows, played with fixed figures. */
enum Scene {
  /** The demo from its beginning to its end. */
  DEMO(Scene::demo),
  /** A migration with all that a moving line can show. */
  LEECH(Scene::leech),
  /** A mount that comes, saves and is lost. */
  MOUNT(Scene::mount),
  /** What is waited for, before the first byte. */
  WAITING(Scene::waiting),
  /** Lists of things with long and short names. */
  TABLE(Scene::table),
  /** What the doctor finds, in short and in long sentences. */
  DOCTOR(Scene::doctor),
  /** An error in the middle of a moving line. */
  ERROR(Scene::error);

  @SuppressWarnings("ImmutableEnumChecker") // Each is a method without state.
  private final Consumer<Output> play;

  Scene(Consumer<Output> play) {
    this.play = play;
  }

  /** What is written to a terminal of that width that can do everything. */
  String on(int width) {
    return on(new Terminal(EnumSet.allOf(Terminal.Ability.class), () -> width));
  }

  /** What is written to a terminal. */
  String on(Terminal terminal) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    play.accept(
        new Output(
            stream,
            stream,
            Output.Audience.PERSON,
            terminal,
            Output.Errors.HERE,
            () -> Instant.EPOCH,
            (_, task) -> task.run()));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static void demo(Output output) {
    DemoShow show = new DemoShow(output, "quic", "20M");
    show.begin();
    show.hub("127.0.0.1:39793");
    show.writing(256 << 20);
    show.moving(
        Map.of(
            "bytesDone", "31457280",
            "bytesTotal", "61865984",
            "bytesPerSecond", "104857600.0",
            "rounds", "0"),
        9_120);
    show.moving(
        Map.of(
            "bytesDone", "60817408",
            "bytesTotal", "61865984",
            "bytesPerSecond", "98566144.0",
            "rounds", "1"),
        17_204);
    show.handedOver(12.4, Map.of());
    show.complete(Map.of("bytes", "61865984", "rounds", "2"));
    show.checking(0, 256 << 20);
    show.checking(160 << 20, 256 << 20);
    show.result(
        new Demo.Result(
            "direct", 61_865_984, 2, 12.4, 17_776, 7_699, new RecordChecker.Report(25_475, 0, 0)),
        ExitStatus.DONE);
  }

  private static void leech(Output output) {
    long total = 4L << 30;
    progress(output, "alice/vm1", 0, total, 0, 0, "direct quic 192.0.2.17:40312");
    progress(output, "alice/vm1", total / 3, total, 0, 12, "direct quic 192.0.2.17:40312");
    progress(
        output, "alice/vm1", total, total + (40 << 20), 1, 34, "recovering: no packets for 5 s");
    progress(output, "alice/vm1", total + (40 << 20), total + (40 << 20), 2, 35, "relay tls");
    progress(
        output,
        "database-of-the-accounting-department/production/primary.sqlite3",
        total / 2,
        total,
        3,
        20,
        "punched quic [2001:db8:1f:72::1]:40312");
  }

  private static void progress(
      Output output, String name, long done, long total, int rounds, int seconds, String path) {
    output.progress(
        new MigrationLine(
                name,
                done,
                total,
                rounds,
                Duration.ofMillis(23),
                (double) done / Math.max(1, seconds),
                path)
            .line(),
        null);
  }

  private static void mount(Output output) {
    output.progress(
        new ProgressLine("alice/data", 0.02, List.of("direct quic 192.0.2.17:9")), null);
    output.progress(
        new ProgressLine(
            "alice/data", 1.0, List.of("14.2 MiB not saved", "direct quic 192.0.2.17:9")),
        null);
    output.progress(
        new ProgressLine(
            "alice/data",
            1.0,
            List.of("cannot save: the disk of alice is full", "64.0 MiB not saved", "relay tls")),
        null);
    output.progress(
        new ProgressLine("alice/data", null, List.of("direct quic 192.0.2.17:9")), null);
  }

  private static void waiting(Output output) {
    for (String what :
        List.of(
            "reaching the hub hub.example.org:7007, no answer yet",
            "looking for alice",
            "trying quic, tls, webrtc, relay",
            "asking alice for vm1",
            "trying the hub again: The name 'hub.example.org' is not known to DNS")) {
      output.waiting(what);
    }
  }

  private static void doctor(Output output) {
    DoctorCommand.tell(output, Finding.good("limits", "524288 files may be open"));
    DoctorCommand.tell(
        output,
        Finding.note(
            "disks",
            "a resource cannot be a disk here: this kernel has no network block devices, and"
                + " /dev/loop-control is not there",
            "Use it as a file, or as nbd:unix:PATH."));
    DoctorCommand.tell(
        output,
        Finding.trouble(
            "identity",
            "another machine, or a copy of this node's folder, uses the same one",
            "End one of them, and join there with another --home and a ticket of its own."));
  }

  private static void table(Output output) {
    String id = "NYZWY33-EKOOOJA-T6IRZJG-RCJUAI3-4LWFM3T-2NBUQJQ-MUTYJY7-77JCAQA";
    new Table()
        .row("alice", "this node", id)
        .row("bob-in-the-cellar", "away", id)
        .note(
            "over relay tls, 83.1 ms; no path through the NATs; a better way is looked for in 12 s")
        .show(output);
    new Table()
        .row("alice/vm1", "4.0 GiB", "generation 1", "idle")
        .row("alice/a-database-with-a-name", "812 B", "generation 12", "tracking")
        .show(output);
  }

  private static void error(Output output) {
    progress(output, "alice/vm1", 1 << 30, 4L << 30, 0, 12, "direct quic 192.0.2.17:40312");
    output.error(
        "godwit: alice/vm1 was not moved: alice cannot be reached. The state is still there; run the"
            + " same command again to go on.");
  }
}
