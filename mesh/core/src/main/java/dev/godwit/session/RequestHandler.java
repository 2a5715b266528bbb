package dev.godwit.session;

import java.io.IOException;

/** Answers the requests of one session. Called from several threads at once. */
@FunctionalInterface
public interface RequestHandler {

  /**
   * Answers one request.
   *
   * @throws RemoteException to refuse it with a reason
   * @throws IOException when it could not be carried out; the peer is told the message
   */
  void handle(Call call) throws IOException;
}
