package dev.godwit.cli;

import dev.godwit.demo.Demo;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What people and programs see of the demo. */
final class DemoShow implements Demo.Stage {
  private final Output output;
  private final String transport;
  private final String writeRate;

  DemoShow(Output output, String transport, String writeRate) {
    this.output = output;
    this.transport = transport;
    this.writeRate = writeRate;
  }

  /** Says what is going to be shown. */
  void begin() {
    output.line(
        output.terminal().strong("godwit demo")
            + ": a hub, two nodes and a program, each a process of its own, on this machine.");
    output.line("");
    output.waiting("starting the hub and the first node");
  }

  @Override
  public void hub(String address) {
    output.line(output.terminal().tick() + " The hub listens at " + address + ".");
    output.event(Json.event("hub").put("address", address));
  }

  @Override
  public void writing(long bytes) {
    output.line(
        output.terminal().tick()
            + " alice holds "
            + Units.bytes(bytes)
            + " of state; a program there writes "
            + writeRate
            + " a second into it, over NBD.");
    output.event(Json.event("writing").put("size", bytes));
  }

  @Override
  public void moving(Map<String, String> progress, long records) {
    double done = number(progress, "bytesDone");
    double total = Math.max(1, number(progress, "bytesTotal"));
    output.progress(
        new ProgressLine(
            "  moving to bob",
            done / total,
            List.of(
                Units.bytes(number(progress, "bytesPerSecond")) + "/s",
                "round " + ((int) number(progress, "rounds") + 1),
                String.format(Locale.ROOT, "%,d writes", records),
                Units.bytes(done))),
        Json.event("progress")
            .put("bytesDone", (long) done)
            .put("bytesTotal", (long) total)
            .put("recordsWritten", records));
  }

  private static double number(Map<String, String> event, String name) {
    return Double.parseDouble(event.getOrDefault(name, "0"));
  }

  @Override
  public void handedOver(double downtimeMillis, Map<String, String> parts) {
    output.line(
        output.terminal().tick()
            + " Handed over to bob: the program stood still for "
            + output.terminal().strong(Units.millis(downtimeMillis))
            + " and goes on there.");
    output.event(
        Json.event("handover")
            .put("downtimeMs", downtimeMillis)
            .put("askedMs", number(parts, "askedMs"))
            .put("suspendMs", number(parts, "suspendMs"))
            .put("flushMs", number(parts, "flushMs"))
            .put("journalMs", number(parts, "journalMs"))
            .put("resumeMs", number(parts, "resumeMs"))
            .put("missingBytes", (long) number(parts, "missingBytes")));
  }

  @Override
  public void complete(Map<String, String> outcome) {
    output.line(
        output.terminal().tick()
            + " bob has everything: "
            + Units.bytes(number(outcome, "bytes"))
            + " in "
            + Words.count((int) number(outcome, "rounds"), "round")
            + ", over "
            + Words.transport(transport)
            + ". Zeroes are not sent.");
  }

  @Override
  public void checking(long done, long total) {
    output.progress(
        new ProgressLine(
            "  checking every record",
            (double) done / Math.max(1, total),
            List.of(Units.bytes(done))),
        Json.event("checking").put("bytesDone", done).put("bytesTotal", total));
  }

  /** What came of it. */
  void result(Demo.Result result, ExitStatus status) {
    long lost = result.report().lost() + result.report().foreign();
    output.line(
        (lost == 0 ? output.terminal().tick() : output.terminal().cross())
            + String.format(
                Locale.ROOT,
                " Checked %,d acknowledged records (%,d before, %,d after): %s",
                result.report().written(),
                result.recordsBefore(),
                result.recordsAfter(),
                lost == 0 ? "none is lost." : lost + " are lost or damaged!"));
    output.event(
        Json.event("result")
            .put("ok", status == ExitStatus.DONE)
            .put("transport", transport)
            .put("path", result.path())
            .put("bytes", result.bytes())
            .put("rounds", result.rounds())
            .put("downtimeMs", result.downtimeMillis())
            .put("recordsWritten", result.report().written())
            .put("recordsBefore", result.recordsBefore())
            .put("recordsAfter", result.recordsAfter())
            .put("recordsLost", lost));
  }
}
