package dev.godwit.webrtc.child;

import dev.godwit.webrtc.bridge.BridgeOutput;
import dev.godwit.webrtc.bridge.BridgeReader;
import dev.godwit.webrtc.bridge.BridgeType;
import dev.onvoid.webrtc.PeerConnectionFactory;
import dev.onvoid.webrtc.media.audio.AudioDeviceModule;
import dev.onvoid.webrtc.media.audio.AudioLayer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The WebRTC process. It is started by a node with the path of the node's socket, and ends when the
 * socket or its standard input does, whatever the library is doing.
 */
public final class Main {
  private Main() {}

  /** Runs until the node is gone; the one argument is the path of its socket. */
  public static void main(String[] arguments) throws IOException {
    Path address = Path.of(arguments[0]).toAbsolutePath();
    Path folder = Objects.requireNonNull(address.getParent());
    Thread.ofPlatform().name("parent").daemon().start(() -> endWithTheParent(folder));
    try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.connect(UnixDomainSocketAddress.of(address));
      BridgeOutput output = new BridgeOutput(socket);
      Optional<String> missing = NativeLibraries.missing(Main::present);
      if (missing.isPresent()) {
        output.write(BridgeType.UNUSABLE, 0, 0, missing.get());
        return;
      }
      PeerConnectionFactory factory;
      try {
        // Without a sound device every other layer ends the process.
        factory = new PeerConnectionFactory(new AudioDeviceModule(AudioLayer.kDummyAudio));
      } catch (LinkageError | RuntimeException e) {
        output.write(BridgeType.UNUSABLE, 0, 0, "the WebRTC library cannot be loaded: " + cause(e));
        return;
      }
      output.write(BridgeType.READY, 0, 0);
      new BridgeReader(socket).run(new Peers(factory, output)::frame);
    }
    end(folder);
  }

  private static String cause(Throwable failure) {
    Throwable inner = failure;
    while (inner.getCause() != null) {
      inner = inner.getCause();
    }
    return inner.toString();
  }

  private static boolean present(String library) {
    try (Arena arena = Arena.ofConfined()) {
      SymbolLookup unused = SymbolLookup.libraryLookup(library, arena);
      return unused != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static void endWithTheParent(Path folder) {
    try {
      while (System.in.read() >= 0) {
        // Nothing is said here.
      }
    } catch (IOException e) {
      System.err.println("standard input failed: " + e);
    }
    end(folder);
  }

  /** Ends, and removes the folder, which a node that was killed cannot do. */
  private static void end(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      System.err.println(folder + " stays: " + e);
    } finally {
      // What the library would do at its own end is not worth the risk.
      Runtime.getRuntime().halt(0);
    }
  }
}
