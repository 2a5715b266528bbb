package dev.godwit.nbd;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;

/** A server on a socket in a test's directory. */
final class ServedExports implements AutoCloseable {
  private final NbdListener listener;

  ServedExports(Path directory, Export... exports) throws IOException {
    this(directory, NbdLimits.DEFAULT, exports);
  }

  ServedExports(Path directory, NbdLimits limits, Export... exports) throws IOException {
    listener =
        NbdListener.open(
            new NbdAddress.Unix(directory.resolve("nbd.sock"), ""),
            new NbdServer(ExportTable.of(exports), limits, InstantSource.system()));
  }

  NbdAddress.Unix address() {
    return (NbdAddress.Unix) listener.address();
  }

  NbdAddress.Unix address(String export) {
    return new NbdAddress.Unix(address().path(), export);
  }

  String socket() {
    return address().path().toString();
  }

  String uri() {
    return address().toUri();
  }

  RawClient raw() throws IOException {
    return new RawClient(address().path());
  }

  NbdClient client(String export) throws IOException {
    return NbdClient.connect(address(export), NbdClient.Settings.DEFAULT);
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
