package dev.godwit.webrtc.child;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What the native WebRTC library needs from the system, and how to get it. */
public final class NativeLibraries {
  private static final List<Library> NEEDED =
      List.of(
          new Library("libpulse.so.0", "libpulse0"),
          new Library("libudev.so.1", "libudev1"),
          new Library("libX11.so.6", "libx11-6"),
          new Library("libXfixes.so.3", "libxfixes3"),
          new Library("libXrandr.so.2", "libxrandr2"),
          new Library("libXcomposite.so.1", "libxcomposite1"),
          new Library("libdbus-1.so.3", "libdbus-1-3"));

  /** Its name for the dynamic loader, and the Debian package that has it. */
  private record Library(String name, String owner) {}

  private NativeLibraries() {}

  /**
   * Says what is missing and how to get it, or nothing.
   *
   * @param present whether the dynamic loader finds a library
   */
  public static Optional<String> missing(Predicate<String> present) {
    List<Library> missing = NEEDED.stream().filter(one -> !present.test(one.name())).toList();
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "WebRTC needs "
                + missing.stream().map(Library::name).collect(Collectors.joining(", "))
                + "; on Debian, run this as root: apt-get install "
                + missing.stream().map(Library::owner).collect(Collectors.joining(" ")));
  }
}
