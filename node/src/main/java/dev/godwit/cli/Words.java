package dev.godwit.cli;

import dev.godwit.migration.LeecherState;
import dev.godwit.pullorder.ByteRange;
import dev.godwit.session.SessionState;
import dev.godwit.signaling.HubState;
import java.util.List;
import java.util.stream.Collectors;

/** States in the words that messages and JSON use. */
final class Words {
  /** How many ranges are named. */
  private static final int MOST_RANGES = 5;

  private Words() {}

  static String hub(HubState state) {
    return switch (state) {
      case HubState.Online _ -> "online";
      case HubState.Offline _ -> "offline";
      case HubState.Ended _ -> "refused";
    };
  }

  static String leecher(LeecherState state) {
    return switch (state) {
      case LeecherState.Connecting _ -> "connecting";
      case LeecherState.Pulling _ -> "pulling";
      case LeecherState.Finalizing _ -> "finalizing";
      case LeecherState.Running _ -> "running";
      case LeecherState.Declining _ -> "declining";
      case LeecherState.Complete _ -> "complete";
      case LeecherState.Failed _ -> "failed";
    };
  }

  /** A number of things: "1 round", "3 rounds". */
  static String count(long number, String thing) {
    return number + " " + thing + (number == 1 ? "" : "s");
  }

  /** "0-4095, 8192-12287 and 3 more". */
  static String ranges(List<ByteRange> ranges) {
    String first =
        ranges.stream()
            .limit(MOST_RANGES)
            .map(range -> range.offset() + "-" + (range.end() - 1))
            .collect(Collectors.joining(", "));
    return ranges.size() > MOST_RANGES
        ? first + " and " + (ranges.size() - MOST_RANGES) + " more"
        : first;
  }

  /** A transport in a sentence. */
  static String transport(String name) {
    return switch (name) {
      case "quic" -> "QUIC";
      case "tls" -> "TLS";
      case "webrtc" -> "WebRTC";
      case "relay" -> "the relay of the hub";
      default -> name;
    };
  }

  static String path(SessionState state) {
    return switch (state) {
      case SessionState.Connected connected -> connected.path().toString();
      case SessionState.Paused _ -> "paused";
      case SessionState.Recovering recovering -> "recovering: " + recovering.cause();
      case SessionState.Closed closed -> "closed: " + closed.reason();
    };
  }
}
