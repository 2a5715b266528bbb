package dev.godwit.node;

import dev.godwit.backend.Backend;
import dev.godwit.fuse.FuseFile;
import dev.godwit.fuse.FuseSettings;
import dev.godwit.libc.LibC;
import dev.godwit.libc.SystemCallException;
import dev.godwit.nbd.BlockSizes;
import dev.godwit.nbd.Export;
import dev.godwit.nbd.ExportTable;
import dev.godwit.nbd.NbdAddress;
import dev.godwit.nbd.NbdListener;
import dev.godwit.nbd.NbdServer;
import dev.godwit.nbd.kernel.KernelNbd;
import dev.godwit.path.AddressText;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A way for a local program to touch a resource, as users name it: {@code nbd:unix:PATH}, {@code
 * nbd:HOST:PORT}, {@code block}, {@code block:/dev/nbdN} or {@code file:PATH}.
 */
public sealed interface Device {
  /** What {@code block:} may name. */
  Pattern NBD = Pattern.compile("/dev/nbd\\d+");

  /** How long a disk may take to bring in what programs have written, or to forget it. */
  Duration WRITE_OUT = Duration.ofSeconds(30);

  /** What programs may do. */
  enum Access {
    /** Reading only. */
    READ,
    /** Reading and writing. */
    WRITE
  }

  /**
   * An NBD server.
   *
   * @param address where it listens
   */
  record Nbd(NbdAddress address) implements Device {
    @Override
    public void check() throws IOException {
      if (address instanceof NbdAddress.Unix unix) {
        NbdListener.checkLength(unix);
        LocalFiles.checkWritableFolder(unix.path().toAbsolutePath().getParent());
      }
    }

    @Override
    public OpenDevice open(String resource, Backend backend, Access access, Path folder)
        throws IOException {
      Export export = new Export(resource, "", backend, exportAccess(access), BlockSizes.DEFAULT);
      NbdListener listener = NbdListener.open(address, new NbdServer(ExportTable.of(export)));
      return OpenDevice.of(place(listener.address()), listener);
    }

    /** As people write it, with the port that the system has chosen if it should. */
    static String place(NbdAddress address) {
      return switch (address) {
        case NbdAddress.Unix unix -> "nbd:unix:" + unix.path().toAbsolutePath();
        case NbdAddress.Tcp tcp ->
            "nbd:"
                + (tcp.host().contains(":") ? "[" + tcp.host() + "]" : tcp.host())
                + ":"
                + tcp.port();
      };
    }

    @Override
    public String toString() {
      return "nbd:" + address;
    }
  }

  /**
   * A file, which the kernel serves by asking this process.
   *
   * @param path of the file
   */
  record File(Path path) implements Device {
    @Override
    public void check() throws NodeException {
      Path file = path.toAbsolutePath();
      // Behind a mount that hangs, looking would hang, too.
      Optional<LocalFiles.Found> found = LocalFiles.look(file);
      if (found.isEmpty()) {
        LocalFiles.checkWritableFolder(file.getParent());
        return;
      }
      switch (found.get()) {
        case FILE -> {}
        case FOLDER ->
            throw new NodeException(
                NodeException.Kind.FAILED,
                path
                    + " is a folder; name the file that it is to be: "
                    + path.resolve("state")
                    + ".");
        case OTHER ->
            throw new NodeException(
                NodeException.Kind.FAILED,
                path + " is no file; name an empty file, or one that is not there yet.");
      }
    }

    @Override
    public OpenDevice open(String resource, Backend backend, Access access, Path folder)
        throws IOException {
      return new OpenFile(
          FuseFile.mount(
              backend,
              path,
              switch (access) {
                case READ -> FuseSettings.DEFAULT.readOnly();
                case WRITE -> FuseSettings.DEFAULT;
              }));
    }

    @Override
    public String toString() {
      return "file:" + path;
    }
  }

  /**
   * A disk of the kernel, {@code /dev/nbdN}, or {@code /dev/loopN} where the kernel has no network
   * block devices.
   *
   * @param wanted {@code /dev/nbdN}; without one the system chooses
   */
  record Block(Optional<Path> wanted) implements Device {
    @Override
    public OpenDevice open(String resource, Backend backend, Access access, Path folder)
        throws IOException {
      Optional<String> obstacle = KernelNbd.obstacle();
      try {
        if (obstacle.isEmpty()) {
          return KernelDisk.open(resource, backend, exportAccess(access), wanted);
        }
        if (wanted.isPresent()) {
          throw new NodeException(
              NodeException.Kind.FAILED,
              "Device '"
                  + this
                  + "' cannot be had here: "
                  + obstacle.get()
                  + ". Or write just 'block', which takes another kind of disk.");
        }
        return LoopDisk.open(
            resource,
            backend,
            switch (access) {
              case READ -> FuseSettings.Access.READ_ONLY;
              case WRITE -> FuseSettings.Access.READ_WRITE;
            },
            folder);
      } catch (SystemCallException e) {
        throw e.error() == LibC.EPERM || e.error() == LibC.EACCES
            ? new NodeException(
                NodeException.Kind.NOT_ALLOWED,
                "Only root may make a disk of '"
                    + resource
                    + "' ("
                    + e.getMessage()
                    + "). Run this as root, or use file:PATH.",
                e)
            : e;
      }
    }

    @Override
    public String toString() {
      return "block" + wanted.map(path -> ":" + path).orElse("");
    }
  }

  private static Export.Access exportAccess(Access access) {
    return switch (access) {
      case READ -> Export.Access.READ_ONLY;
      case WRITE -> Export.Access.READ_WRITE;
    };
  }

  /**
   * Reads a {@code DEV}.
   *
   * @throws NodeException when it is none
   */
  static Device parse(String text) throws NodeException {
    if (text.startsWith("file:")) {
      String path = text.substring("file:".length());
      if (path.isEmpty()) {
        throw new NodeException(
            NodeException.Kind.USAGE, "Device 'file:' names no file; write file:PATH.");
      }
      return new File(Path.of(path).toAbsolutePath());
    }
    if (text.equals("block")) {
      return new Block(Optional.empty());
    }
    if (text.startsWith("block:")) {
      Path wanted = Path.of(text.substring("block:".length()));
      if (!NBD.matcher(wanted.toString()).matches()) {
        throw new NodeException(
            NodeException.Kind.USAGE,
            "Device '" + text + "' is not understood; write block, or block:/dev/nbd0.");
      }
      return new Block(Optional.of(wanted));
    }
    if (text.startsWith("nbd:") && AddressText.lacksBrackets(text.substring("nbd:".length()))) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "Device '"
              + text
              + "' is not understood: an IPv6 address needs brackets, as in nbd:[::1]:10809.");
    }
    try {
      return new Nbd(NbdAddress.parse(text));
    } catch (IllegalArgumentException e) {
      throw new NodeException(
          NodeException.Kind.USAGE,
          "Device '"
              + text
              + "' is not understood; write nbd:unix:PATH, nbd:HOST:PORT, file:PATH, block or"
              + " block:/dev/nbd0.",
          e);
    }
  }

  /**
   * Looks for what can be wrong with it on this machine, without making anything.
   *
   * @throws IOException when it cannot be opened for sure
   */
  default void check() throws IOException {}

  /**
   * Opens the device.
   *
   * @param resource its name, where the device has any
   * @param folder for what the device needs besides, made when it is
   * @throws IOException when its socket or file is in use or cannot be made
   */
  OpenDevice open(String resource, Backend backend, Access access, Path folder) throws IOException;
}
