package dev.godwit.testnetwork;

import static dev.godwit.testnetwork.World.PATIENCE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.demo.ChildProcess;
import dev.godwit.testing.Patience;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that we did not write goes on writing while its state moves, and checks all of it. */
class LiveProgramTest {
  private static final long SIZE = 1L << 30;
  private static final long DATA = 64 << 20;
  private static final String JOB =
      "fio --name=job --ioengine=nbd --thread --rw=randwrite --bs=4k --iodepth=8 --size=1g"
          + " --randseed=7 --verify=crc32c --aux-path=. ";

  @Test
  void everyAcknowledgedWriteIsFoundOnTheOtherSideAndTheProgramGoesOnThere(@TempDir Path directory)
      throws Exception {
    try (World world = World.in(directory)) {
      List<Member> members = world.mesh("alice", "bob");
      Path state = StateFile.create(world.path("disk"), SIZE, DATA, 1);
      Path here = world.path("alice.sock");
      Path there = world.path("bob.sock");
      ChildProcess seed =
          members
              .get(0)
              .seed("disk", state, "--device", "nbd:unix:" + here, "--on-suspend", stop());
      Process fio = start(world, here);
      try {
        Patience.until("fio writes", () -> world.programs().allocated(state) > DATA + (8 << 20));
        ChildProcess leech =
            members
                .get(1)
                .leech(
                    "alice/disk",
                    world.path("moved"),
                    "--device",
                    "nbd:unix:" + there,
                    "--on-resume",
                    goOn(there));
        leech.await("handover", PATIENCE);
        assertTrue(fio.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
        assertTrue(Files.exists(world.path("local-job-0-verify.state")), "fio has saved its state");
        leech.await("complete", PATIENCE);
        assertEquals(0, seed.awaitEnd(PATIENCE), seed::complaints);
        Patience.until("fio has ended", () -> Files.exists(world.path("end")));
        String said =
            Files.readString(world.path("verified")) + Files.readString(world.path("written"));
        assertEquals("0", Files.readString(world.path("end")).strip(), said);
        assertEquals(2, said.split("err= 0", -1).length - 1, said);
        assertEquals(0, leech.stop(), leech::complaints);
      } finally {
        fio.destroyForcibly();
      }
    }
  }

  private static Process start(World world, Path socket) throws Exception {
    List<String> command = new ArrayList<>(List.of(JOB.strip().split(" ")));
    command.addAll(List.of("--uri=" + Offer.uri(socket), "--rate=20m", "--do_verify=0"));
    command.add("--verify_state_save=1");
    File log = world.path("fio.log").toFile();
    Process fio =
        world.programs().builder(command).redirectOutput(log).redirectErrorStream(true).start();
    Files.writeString(world.path("fio.pid"), Long.toString(fio.pid()));
    return fio;
  }

  private static String stop() {
    return "pid=$(cat fio.pid); kill -INT $pid; while kill -0 $pid 2>&-; do sleep 0.02; done";
  }

  /** Checks what was written before, then writes and checks more; leaves a status behind. */
  private static String goOn(Path socket) {
    String job = JOB + "'--uri=" + Offer.uri(socket) + "' ";
    return "{ "
        + (job + "--verify_only --verify_state_load=1 > verified 2>&1 && ")
        + (job + "--do_verify=1 --io_size=8m > written 2>&1; ")
        + "echo $? > end.new; mv end.new end; } &";
  }
}
