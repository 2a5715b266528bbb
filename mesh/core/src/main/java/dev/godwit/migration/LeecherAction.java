package dev.godwit.migration;

/** What a leecher's shell does when the machine says so. Each ends with one event. */
public sealed interface LeecherAction {

  /** Ask the seeder to record writes, and learn which blocks hold data. */
  record Track() implements LeecherAction {}

  /** Fetch what is missing, until nothing is. */
  record PullMissing() implements LeecherAction {}

  /** Ask what was rewritten. */
  record AskRound(int round) implements LeecherAction {}

  /** Make the copy durable. */
  record FlushCopy() implements LeecherAction {}

  /** Write down that we ask for the state, and with which token. */
  record JournalToken(MigrationId token) implements LeecherAction {}

  /** Ask for the state, again and again until there is an answer. */
  record AskFinalize(MigrationId token) implements LeecherAction {}

  /** Write down that the state is ours. */
  record JournalHandover(long generation) implements LeecherAction {}

  /** Open the device and let the program go. */
  record Resume() implements LeecherAction {}

  /** Write down that we will never use this generation. */
  record JournalDecline(long generation) implements LeecherAction {}

  /** Give the state back. */
  record AskDecline(MigrationId token, String reason) implements LeecherAction {}

  /** Write down that everything is here. */
  record JournalComplete(long generation) implements LeecherAction {}

  /** Tell the seeder that we have everything. */
  record AskRelease(MigrationId token) implements LeecherAction {}

  /** Tell the seeder that we want no more; ends with nothing, and may fail. */
  record AskAbort(String reason) implements LeecherAction {}
}
