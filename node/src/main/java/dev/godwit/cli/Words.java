package dev.godwit.cli;

import dev.godwit.migration.LeecherState;
import dev.godwit.session.SessionState;
import dev.godwit.signaling.HubState;

/** States in the words that messages and JSON use. */
final class Words {
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
