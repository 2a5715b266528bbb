package dev.godwit.run;

import java.util.Locale;

/** What happens to the network in the middle of a migration. */
enum Fault {
  /** The nodes could reach each other through the relay only; now they can do so straight. */
  RELAY_TO_DIRECT("relay replaced by direct"),
  /** The straight way between the nodes is cut for good. */
  DIRECT_CUT("direct path cut, back to the relay"),
  /** The leecher's machine gets another address. */
  LEECHER_MOVES("leecher changes address"),
  /** The NAT of one of the nodes forgets everything. */
  NAT_REBOOT("NAT reboots"),
  /** The hub is killed. */
  HUB_KILLED("hub killed"),
  /** The leecher has no network at all for half a minute. */
  TOTAL_CUT("30 s total cut");

  private final String sentence;

  Fault(String sentence) {
    this.sentence = sentence;
  }

  String sentence() {
    return sentence;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
