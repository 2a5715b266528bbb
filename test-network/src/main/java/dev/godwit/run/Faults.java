package dev.godwit.run;

import dev.godwit.demo.Demo;
import dev.godwit.demo.Venue;
import dev.godwit.demo.Venue.Spot;
import dev.godwit.internet.Host;
import dev.godwit.internet.Internet;
import dev.godwit.internet.LinkProfile;
import dev.godwit.internet.Nat;
import dev.godwit.internet.NatKind;
import dev.godwit.internet.ShapedLink;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Migrations of a live program's state between two nodes behind NATs, in each of which something
 * happens to the network at a random moment. Each must end with everything moved and no
 * acknowledged write lost, and must not fetch anything twice but what was on its way.
 */
final class Faults {
  private static final Duration DELAY = Duration.ofMillis(2);
  private static final Duration CUT = Duration.ofSeconds(30);
  private static final long WRITE_RATE = 2 << 20;

  /** What may be on its way at a time, and is asked for again on another path. */
  private static final long IN_FLIGHT = 64L << 20;

  /** Headers, acknowledgements, encryption, retransmissions. */
  private static final double OVERHEAD = 1.15;

  private final PrintStream out;
  private final Path state;
  private final Path directory;
  private final long size;

  private Faults(PrintStream out, Path directory, Path state, long size) {
    this.out = out;
    this.directory = directory;
    this.state = state;
    this.size = size;
  }

  /**
   * Runs all faults.
   *
   * @param arguments {@code --seeds N} runs each so often, {@code --size-mib N} moves so much,
   *     {@code --faults A,B} runs some of them, {@code --first N} is the first seed
   * @return whether all went well
   */
  static boolean run(PrintStream out, Path directory, List<String> arguments)
      throws IOException, InterruptedException {
    int seeds = 10;
    long first = 1;
    long size = 1L << 30;
    List<Fault> faults = List.of(Fault.values());
    for (int i = 0; i + 1 < arguments.size(); i += 2) {
      String value = arguments.get(i + 1);
      switch (arguments.get(i)) {
        case "--seeds" -> seeds = Integer.parseInt(value);
        case "--first" -> first = Long.parseLong(value);
        case "--size-mib" -> size = Long.parseLong(value) << 20;
        case "--faults" ->
            faults =
                Stream.of(value.split(",", -1))
                    .map(word -> Fault.valueOf(word.toUpperCase(Locale.ROOT).replace('-', '_')))
                    .toList();
        default -> throw new IllegalArgumentException("unknown option " + arguments.get(i));
      }
    }
    Path state = directory.resolve("state");
    fill(state, size);
    Faults runs = new Faults(out, directory, state, size);
    boolean good = true;
    out.printf(
        "%-36s %6s %8s %8s %10s %10s %6s  %s%n",
        "", "seed", "after s", "lost s", "pause ms", "records", "twice", "path");
    for (Fault fault : faults) {
      for (long seed = first; seed < first + seeds; seed++) {
        good &= runs.one(fault, seed);
      }
    }
    Files.delete(state);
    return good;
  }

  /** Noise, so that nothing can be compressed away. */
  private static void fill(Path file, long size) throws IOException {
    Random random = new Random(1);
    byte[] piece = new byte[1 << 20];
    try (OutputStream to = Files.newOutputStream(file)) {
      for (long done = 0; done < size; done += piece.length) {
        random.nextBytes(piece);
        to.write(piece);
      }
    }
  }

  private static Spot spot(Host host, String listen) throws IOException {
    return new Spot(host.command(List.of()).command(), listen);
  }

  private boolean one(Fault fault, long seed) throws IOException, InterruptedException {
    Random random = new Random(seed * 31 + fault.word().hashCode());
    LinkProfile link = LinkProfile.PERFECT.withDelay(DELAY);
    try (Internet internet = Internet.create(seed)) {
      Host server = internet.host("hub");
      Host alice = internet.host("alice", NatKind.PORT_RESTRICTED);
      Host bob = internet.host("bob", NatKind.PORT_RESTRICTED, link);
      if (fault == Fault.RELAY_TO_DIRECT) {
        internet.sever(alice, bob);
      }
      Venue venue =
          new Venue(
              spot(server, server.address().getHostAddress() + ":7007"),
              spot(alice, ":0"),
              spot(bob, ":0"));
      Demo.Options options =
          new Demo.Options(
              List.of(System.getProperty("godwit.launcher", "godwit")),
              venue,
              Optional.empty(),
              size,
              WRITE_RATE,
              Optional.of(state));
      Watch watch = new Watch((long) (size * (0.05 + 0.6 * random.nextDouble())));
      Nat gateway = bob.nat().orElseThrow();
      try (Demo demo = new Demo(options, watch)) {
        watch.at(
            () -> {
              switch (fault) {
                case RELAY_TO_DIRECT -> internet.rejoin(alice, bob);
                case DIRECT_CUT -> internet.sever(alice, bob);
                case LEECHER_MOVES -> bob.changeAddress();
                case NAT_REBOOT ->
                    (random.nextBoolean() ? gateway : alice.nat().orElseThrow()).reboot();
                case HUB_KILLED -> demo.kill("hub");
                case TOTAL_CUT -> {
                  gateway.link().cut();
                  Thread.sleep(CUT);
                  gateway.link().mend();
                }
              }
            });
        Demo.Result result = demo.run();
        return judge(fault, seed, watch, result, received(gateway));
      } catch (IOException e) {
        out.printf("%-36s %6d failed: %s%n", fault.sentence(), seed, e.getMessage());
        keep(fault, seed, watch);
        return false;
      } finally {
        watch.close();
      }
    }
  }

  private static long received(Nat gateway) {
    return gateway.link() instanceof ShapedLink link ? link.inward().bytes() : 0;
  }

  private boolean judge(Fault fault, long seed, Watch watch, Demo.Result result, long received)
      throws IOException {
    long lost = result.report().lost() + result.report().foreign();
    long twice = Math.max(0, received - (long) (result.bytes() * OVERHEAD));
    @Nullable String complaint =
        lost > 0
            ? lost + " records are lost or damaged"
            : !watch.happened()
                ? "it was over before anything happened"
                : twice > IN_FLIGHT
                    ? twice + " bytes came more than once"
                    : watch.failure() != null
                        ? "the fault could not be made: " + watch.failure()
                        : null;
    out.printf(
        Locale.ROOT,
        "%-36s %6d %8.1f %8.1f %10.1f %10d %5dM  %s%s%n",
        fault.sentence(),
        seed,
        watch.after().toMillis() / 1000.0,
        watch.stalled().toMillis() / 1000.0,
        result.downtimeMillis(),
        result.report().written(),
        twice >> 20,
        String.join(" → ", watch.paths()),
        complaint == null ? "" : "  ! " + complaint);
    out.flush();
    if (complaint != null) {
      keep(fault, seed, watch);
    }
    return complaint == null;
  }

  private void keep(Fault fault, long seed, Watch watch) throws IOException {
    Path log = directory.resolve(fault.word() + "-" + seed + ".log");
    Files.write(log, watch.heard());
    out.println("  what the leecher said: " + log);
  }

  /** Something that happens. */
  @FunctionalInterface
  private interface Action {
    void run() throws IOException, InterruptedException;
  }

  /** Follows a migration, and makes something happen when so many bytes have come. */
  private static final class Watch implements Demo.Stage {
    private final long threshold;
    private final List<String> paths = new ArrayList<>();
    private final List<String> heard = new ArrayList<>();
    private final AtomicReference<@Nullable Exception> failure = new AtomicReference<>();
    private @Nullable Action action;
    private @Nullable Thread acting;
    private long begun;
    private long acted;
    private long done;
    private long grown;
    private long stalled;

    Watch(long threshold) {
      this.threshold = threshold;
    }

    synchronized void at(Action what) {
      action = what;
    }

    @Override
    public synchronized void heard(Map<String, String> event) {
      heard.add(System.currentTimeMillis() + " " + event);
    }

    @Override
    public synchronized void moving(Map<String, String> progress, long records) {
      long now = System.nanoTime();
      if (begun == 0) {
        begun = now;
        grown = now;
      }
      String path = progress.getOrDefault("path", "");
      String word = path.contains(" ") ? path.substring(0, path.lastIndexOf(' ')) : path;
      if (!path.startsWith("recovering") && (paths.isEmpty() || !paths.getLast().equals(word))) {
        paths.add(word);
      }
      long bytes = (long) Double.parseDouble(progress.getOrDefault("bytesDone", "0"));
      if (acted != 0) {
        stalled = Math.max(stalled, now - grown);
      }
      if (bytes > done) {
        done = bytes;
        grown = now;
      }
      Action what = action;
      if (acted == 0 && bytes >= threshold && what != null) {
        acted = now;
        acting = Thread.ofVirtual().start(() -> act(what));
      }
    }

    private void act(Action what) {
      try {
        what.run();
      } catch (IOException | InterruptedException | RuntimeException e) {
        failure.set(e);
      }
    }

    synchronized boolean happened() {
      return acted != 0;
    }

    @Nullable Exception failure() {
      return failure.get();
    }

    synchronized Duration after() {
      return Duration.ofNanos(Math.max(0, acted - begun));
    }

    synchronized Duration stalled() {
      return Duration.ofNanos(stalled);
    }

    synchronized List<String> paths() {
      return List.copyOf(paths);
    }

    synchronized List<String> heard() {
      return List.copyOf(heard);
    }

    void close() throws InterruptedException {
      Thread running;
      synchronized (this) {
        running = acting;
      }
      if (running != null) {
        running.join();
      }
    }

    @Override
    public void hub(String address) {}

    @Override
    public void writing(long bytes) {}

    @Override
    public void handedOver(double downtimeMillis, Map<String, String> parts) {}

    @Override
    public void complete(Map<String, String> outcome) {}

    @Override
    public void checking(long done, long total) {}
  }
}
