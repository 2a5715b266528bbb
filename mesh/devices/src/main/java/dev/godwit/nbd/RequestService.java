package dev.godwit.nbd;

import java.io.Closeable;
import java.io.IOException;

/** Serves the requests of one connection. Called by the connection's thread only. */
interface RequestService extends Closeable {

  /**
   * Serves the reader's current request, which passed the gate, and takes its payload off the
   * stream. The reply may follow later.
   *
   * @throws IOException when the connection failed
   */
  void serve(RequestReader request) throws IOException;

  /**
   * Answers the reader's current request, whose payload is gone already, with an error.
   *
   * @throws IOException when the connection failed
   */
  void refuse(RequestReader request, RequestGate.Verdict verdict) throws IOException;

  /** Sends what is waiting to be sent. */
  void flush() throws IOException;

  /** Waits for the requests under way and sends their replies. */
  @Override
  void close() throws IOException;
}
