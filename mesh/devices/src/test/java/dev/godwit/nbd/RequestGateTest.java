package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.backend.Backend.Latency;
import dev.godwit.backend.StagedBackend;
import dev.godwit.nbd.Negotiated.Allocation;
import dev.godwit.nbd.Negotiated.Replies;
import dev.godwit.nbd.RequestGate.Verdict;
import org.junit.jupiter.api.Test;

final class RequestGateTest {
  private static final long SIZE = 10_000;

  private static RequestGate gate(Export.Access access, Replies replies, Latency latency) {
    var export = new Export("", "", new StagedBackend(SIZE, latency), access, BlockSizes.DEFAULT);
    Allocation allocation = replies == Replies.STRUCTURED ? Allocation.SELECTED : Allocation.OFF;
    return new RequestGate(new Negotiated(export, replies, allocation));
  }

  private final RequestGate open =
      gate(Export.Access.READ_WRITE, Replies.STRUCTURED, Latency.MEMORY);
  private final RequestGate readOnly =
      gate(Export.Access.READ_ONLY, Replies.STRUCTURED, Latency.MEMORY);
  private final RequestGate simple = gate(Export.Access.READ_WRITE, Replies.SIMPLE, Latency.LOCAL);

  @Test
  void rangesInsideTheExportPass() {
    assertEquals(Verdict.PASS, open.check(Protocol.CMD_READ, 0, 0, SIZE));
    assertEquals(Verdict.PASS, open.check(Protocol.CMD_READ, 0, SIZE - 1, 1));
    assertEquals(Verdict.PASS, open.check(Protocol.CMD_WRITE, 0, SIZE, 0));
    assertEquals(Verdict.PASS, open.check(Protocol.CMD_TRIM, 0, 1, SIZE - 1));
  }

  @Test
  void rangesOutsideAreRefusedWhateverTheNumbers() {
    long[][] ranges = {
      {0, SIZE + 1},
      {SIZE, 1},
      {SIZE + 1, 0},
      {1, SIZE},
      {-1, 1},
      {-1, 0},
      {Long.MIN_VALUE, 0},
      {Long.MAX_VALUE, 1},
      {Long.MAX_VALUE, 100_000},
      {-4096, 4096}
    };
    for (long[] range : ranges) {
      assertEquals(Verdict.OUT_OF_RANGE, open.check(Protocol.CMD_READ, 0, range[0], range[1]));
      assertEquals(Verdict.NO_SPACE, open.check(Protocol.CMD_WRITE, 0, range[0], range[1]));
      assertEquals(Verdict.NO_SPACE, open.check(Protocol.CMD_WRITE_ZEROES, 0, range[0], range[1]));
      assertEquals(Verdict.OUT_OF_RANGE, open.check(Protocol.CMD_TRIM, 0, range[0], range[1]));
      assertEquals(Verdict.OUT_OF_RANGE, open.check(Protocol.CMD_CACHE, 0, range[0], range[1]));
    }
  }

  @Test
  void dataBeyondTheMaximumIsTooLong() {
    assertEquals(Verdict.TOO_LONG, open.check(Protocol.CMD_READ, 0, 0, (32 << 20) + 1));
    assertEquals(Verdict.TOO_LONG, open.check(Protocol.CMD_WRITE, 0, 0, 0xffffffffL));
  }

  @Test
  void changesToAReadOnlyExportAreRefusedBeforeAnythingElse() {
    for (int type : new int[] {Protocol.CMD_WRITE, Protocol.CMD_TRIM, Protocol.CMD_WRITE_ZEROES}) {
      assertEquals(Verdict.READ_ONLY, readOnly.check(type, 0, -1, 0xffffffffL));
    }
    assertEquals(Verdict.PASS, readOnly.check(Protocol.CMD_READ, 0, 0, 1));
    assertEquals(Verdict.PASS, readOnly.check(Protocol.CMD_FLUSH, 0, 0, 0));
  }

  @Test
  void everyCommandTakesFuaAndOnlyItsOwnFlags() {
    int[] types = {0, 1, 3, 4, 5, 6, 7};
    int[] allowed = {
      Protocol.FLAG_DF,
      0,
      0,
      0,
      0,
      Protocol.FLAG_NO_HOLE | Protocol.FLAG_FAST_ZERO,
      Protocol.FLAG_REQ_ONE
    };
    for (int i = 0; i < types.length; i++) {
      long count = types[i] == Protocol.CMD_FLUSH ? 0 : 512;
      for (int flag = 1; flag <= 0x8000; flag <<= 1) {
        Verdict expected =
            (flag & (allowed[i] | Protocol.FLAG_FUA)) != 0 ? Verdict.PASS : Verdict.BAD_FLAGS;
        assertEquals(expected, open.check(types[i], flag, 0, count), types[i] + " " + flag);
      }
    }
  }

  @Test
  void unknownCommandsAreRefused() {
    for (int type : new int[] {8, 9, 255, 0xffff}) {
      assertEquals(Verdict.UNKNOWN_COMMAND, open.check(type, 0, 0, 0));
    }
  }

  @Test
  void whatWasNotNegotiatedIsRefused() {
    assertEquals(Verdict.BAD_FLAGS, simple.check(Protocol.CMD_READ, Protocol.FLAG_DF, 0, 1));
    assertEquals(Verdict.NOT_NEGOTIATED, simple.check(Protocol.CMD_BLOCK_STATUS, 0, 0, 1));
  }

  @Test
  void reservedFieldsHaveToBeZero() {
    assertEquals(Verdict.NOT_EMPTY, open.check(Protocol.CMD_FLUSH, 0, 1, 0));
    assertEquals(Verdict.NOT_EMPTY, open.check(Protocol.CMD_FLUSH, 0, 0, 1));
    assertEquals(Verdict.EMPTY, open.check(Protocol.CMD_BLOCK_STATUS, 0, 0, 0));
  }

  @Test
  void onlyMemoryZeroesFastForSure() {
    int fast = Protocol.FLAG_FAST_ZERO;
    assertEquals(Verdict.PASS, open.check(Protocol.CMD_WRITE_ZEROES, fast, 0, 1));
    assertEquals(Verdict.NOT_FAST, simple.check(Protocol.CMD_WRITE_ZEROES, fast, 0, 1));
    assertEquals(Verdict.NO_SPACE, simple.check(Protocol.CMD_WRITE_ZEROES, fast, 0, SIZE + 1));
  }

  @Test
  void errorNumbersAreThoseOfTheSpecification() {
    assertEquals(22, Verdict.OUT_OF_RANGE.error().code());
    assertEquals(28, Verdict.NO_SPACE.error().code());
    assertEquals(1, Verdict.READ_ONLY.error().code());
    assertEquals(95, Verdict.NOT_FAST.error().code());
  }
}
