package dev.godwit.cli;

import dev.godwit.fuse.FuseFile;
import dev.godwit.node.MeshInfo;
import dev.godwit.node.NodeHome;
import dev.godwit.node.RunningProcesses;
import dev.godwit.node.StatusSocket;
import dev.godwit.node.proto.ProcessStatus;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Show this node and what runs on it.")
final class StatusCommand extends Verb {
  private static final Duration LOOK = Duration.ofSeconds(1);

  @Override
  ExitStatus run(Output output) throws Exception {
    NodeHome home = common().nodeHome();
    // Who only looks makes no key, perhaps in a folder that was mistyped.
    @Nullable String id =
        home.isMember() || home.hasIdentity() ? home.identity().id().toString() : null;
    Json result = Json.event("result").put("ok", true).put("id", id);
    output.verbatim(
        "id      "
            + (id == null
                ? "none in " + home.directory() + "; the first one that needs it makes it"
                : id));
    if (home.isMember()) {
      MeshInfo mesh = home.mesh();
      output.line("name    " + home.membership().name());
      output.line("mesh    " + mesh.name() + "  " + mesh.id().shortForm());
      output.line("hub     " + mesh.hub().hostAndPort());
      result
          .put("name", home.membership().name())
          .put("mesh", mesh.name())
          .put("hub", mesh.hub().hostAndPort());
    } else {
      output.line("mesh    none; see 'godwit mesh --help'");
      result.put("name", (Object) null).put("mesh", (Object) null).put("hub", (Object) null);
    }
    RunningProcesses processes = StatusSocket.ask(home);
    Table table = new Table();
    for (ProcessStatus process : processes.answered()) {
      table.row(
          process.getRole(),
          process.getResource(),
          process.getState(),
          process.getPath().isEmpty() ? "" : process.getPeer() + " over " + process.getPath(),
          "process " + process.getPid() + ", hub " + process.getHub());
      if (!process.getWhy().isEmpty()) {
        table.note(ReachedWords.of(process));
      }
      output.event(
          Json.event("process")
              .put("pid", process.getPid())
              .put("role", process.getRole())
              .put("resource", process.getResource())
              .put("state", process.getState())
              .put("path", process.getPath())
              .put("why", process.getWhy())
              .put("roundTripMs", process.getRoundTripMicros() / 1000.0)
              .put("nextAttempt", process.getNextAttempt() == 0 ? null : process.getNextAttempt())
              .put("peer", process.getPeer())
              .put("bytesDone", process.getBytesDone())
              .put("bytesTotal", process.getBytesTotal())
              .put("hub", process.getHub()));
    }
    table.show(output);
    for (Path dead : FuseFile.dead(LOOK)) {
      output.line(
          "The process of a mount at "
              + dead
              + " was killed; 'godwit umount "
              + PastedWord.of(dead)
              + "' takes it away.");
    }
    SilentProcesses.tell(output, processes.silent());
    output.event(result.put("processes", processes.answered().size() + processes.silent().size()));
    return ExitStatus.DONE;
  }
}
