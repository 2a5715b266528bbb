package dev.godwit.node;

import dev.godwit.libc.SystemCallException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong with a file, in sentences. The file system's own words come from the C library.
 */
final class FileTrouble {
  /** The kernel has 108 bytes for it, with a zero behind. */
  static final String SOCKET_PATH =
      "The path of a UNIX socket has at most 107 bytes: choose a shorter one.";

  /** What the system says, and what a person can do. */
  private static final Map<String, String> ADVICE = advice();

  private FileTrouble() {}

  private static Map<String, String> advice() {
    Map<String, String> advice = new LinkedHashMap<>();
    advice.put(
        "No space left on device",
        "Make room there ('df -h' and 'df -i' show how much there is), or use another place.");
    advice.put("Disk quota exceeded", "Your quota there is used up; make room, or ask for more.");
    advice.put(
        "Read-only file system",
        "Nothing can be written there; use another place, or mount it to be written.");
    advice.put(
        "Too many open files",
        "This process may open too few files: raise the limit ('ulimit -n 1024').");
    advice.put("Input/output error", "The disk has failed; 'dmesg' may say more.");
    advice.put("File name too long", "Choose a shorter one.");
    advice.put("No folder can be made there", "Choose another place.");
    advice.put("Unix domain path too long", SOCKET_PATH);
    advice.put("Is a directory", "It is a folder; name a file.");
    advice.put("Not a directory", "One of the folders on the way there is a file.");
    advice.put("Too many levels of symbolic links", "Its links lead in a circle.");
    advice.put("Text file busy", "It is a program that runs now; end it first.");
    advice.put(
        "Transport endpoint is not connected",
        "What served it was killed; 'godwit umount' of that path takes it away.");
    advice.put("Stale file handle", "Its server has lost it; mount that file system again.");
    advice.put("Device or resource busy", "Something uses it; end that first.");
    advice.put("No such device or address", "It is a device that is not there, or a pipe.");
    advice.put("File too large", "That file system takes no file of that size; use another place.");
    advice.put("Operation not permitted", "Only its owner or root may do that.");
    advice.put(
        "Permission denied", "Look at its owner and its rights ('ls -ld'), or be another user.");
    return advice;
  }

  /** What to do about a message that has one of the system's phrases in it. */
  static Optional<String> advice(String message) {
    return ADVICE.entrySet().stream()
        .filter(one -> message.contains(one.getKey()))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  static String systemCall(SystemCallException e) {
    String message = Explanation.ended(String.valueOf(e.getMessage()));
    return advice(message).map(advice -> message + " " + advice).orElse(message);
  }

  static String sentence(FileSystemException e) {
    String file = String.valueOf(e.getFile());
    return switch (e) {
      case NoSuchFileException _ -> missing(file);
      case AccessDeniedException _ ->
          file
              + " cannot be used: permission denied. Look at its owner and its rights ('ls -ld'), or"
              + " be another user.";
      case FileAlreadyExistsException _ -> file + " exists already. Choose another name.";
      case NotDirectoryException _ -> file + " is not a folder. Name a folder.";
      case DirectoryNotEmptyException _ -> "The folder " + file + " is not empty.";
      default -> reason(file, e);
    };
  }

  private static String missing(String file) {
    @Nullable Path folder = Path.of(file).toAbsolutePath().getParent();
    return folder != null && !Files.isDirectory(folder)
        ? "There is no folder " + folder + ", which " + file + " has to be in. Make it first."
        : "There is no " + file + ".";
  }

  private static String reason(String file, FileSystemException e) {
    @Nullable String reason = e.getReason();
    if (reason == null) {
      return file + " cannot be used (" + e.getClass().getSimpleName() + ").";
    }
    // Some reasons say themselves what cannot be done.
    String why = reason.startsWith("cannot ") ? reason : "cannot be used: " + lower(reason);
    String sentence = file + " " + why + ".";
    return advice(reason).map(advice -> sentence + " " + advice).orElse(sentence);
  }

  private static String lower(String reason) {
    return reason.isEmpty()
        ? reason
        : Character.toLowerCase(reason.charAt(0)) + reason.substring(1);
  }
}
