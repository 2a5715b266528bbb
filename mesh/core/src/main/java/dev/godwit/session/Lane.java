package dev.godwit.session;

import dev.godwit.stream.Connection.Urgency;

/** The streams of a session: what must not wait travels apart from what may. */
public enum Lane {
  /** Control messages and reads that a program waits for. Answered side by side. */
  DEMAND(Urgency.DEMAND, dev.godwit.wire.proto.Lane.LANE_DEMAND),
  /** Background transfers. Answered one after the other. */
  BULK(Urgency.BULK, dev.godwit.wire.proto.Lane.LANE_BULK);

  private final Urgency urgency;
  private final dev.godwit.wire.proto.Lane wire;

  Lane(Urgency urgency, dev.godwit.wire.proto.Lane wire) {
    this.urgency = urgency;
    this.wire = wire;
  }

  Urgency urgency() {
    return urgency;
  }

  dev.godwit.wire.proto.Lane wire() {
    return wire;
  }
}
