package dev.godwit.node;

import dev.godwit.libc.SystemCallException;
import dev.godwit.log.ResourceBusyException;
import dev.godwit.session.RemoteException;
import dev.godwit.signaling.HubException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Turns what went wrong inside into what a person reads: what happened, to what, why, and what to
 * do. The one place where that is done.
 */
public final class Explanation {
  private static final Pattern WORD_AFTER_COLON =
      Pattern.compile("(?<=: )(An?|The|This|That|There|It|Its|No|Nobody|Nothing|What)(?= )");

  private Explanation() {}

  /**
   * Explains a failure.
   *
   * @return {@code failure} itself when it is for people already; else one that has it as its cause
   */
  public static NodeException of(Throwable failure) {
    Throwable inner = unwrapped(failure);
    if (MemoryTrouble.isOfDescriptors(failure)) {
      return new NodeException(NodeException.Kind.FAILED, MemoryTrouble.descriptors(), failure);
    }
    if (inner instanceof NodeException known) {
      return known;
    }
    return new NodeException(kind(inner), sentence(inner), failure);
  }

  /** What came out of another thread is wrapped; the reason is inside. */
  private static Throwable unwrapped(Throwable failure) {
    Throwable inner = failure;
    while (inner instanceof ExecutionException
        || inner instanceof CompletionException
        || inner instanceof UncheckedIOException
        || inner instanceof ExceptionInInitializerError) {
      @Nullable Throwable cause = inner.getCause();
      if (cause == null) {
        break;
      }
      inner = cause;
    }
    return inner;
  }

  private static NodeException.Kind kind(Throwable failure) {
    return switch (failure) {
      case InvalidPathException _ -> NodeException.Kind.USAGE;
      case UnknownHostException _ -> NodeException.Kind.UNREACHABLE;
      case SocketException e when !isLocal(e) -> NodeException.Kind.UNREACHABLE;
      case SocketTimeoutException _, TimeoutException _ -> NodeException.Kind.UNREACHABLE;
      case HubException e ->
          e.isCurable() ? NodeException.Kind.UNREACHABLE : NodeException.Kind.NOT_ALLOWED;
      case RemoteException e ->
          switch (e.code()) {
            case NOT_ALLOWED, NOT_A_MEMBER -> NodeException.Kind.NOT_ALLOWED;
            default -> NodeException.Kind.FAILED;
          };
      default -> NodeException.Kind.FAILED;
    };
  }

  /** Whether a socket failed because of this machine, not because of the network. */
  private static boolean isLocal(SocketException e) {
    return e instanceof java.net.BindException
        || NetworkTrouble.isLongPath(e)
        || String.valueOf(e.getMessage()).contains("Too many open files");
  }

  private static String sentence(Throwable failure) {
    return switch (failure) {
      case ResourceBusyException e ->
          capital(ended(String.valueOf(e.getMessage())))
              + " 'godwit status' shows what runs in this node's folder; it may be a process of"
              + " another --home.";
      case FileSystemException e -> FileTrouble.sentence(e);
      case InvalidPathException e ->
          "'" + e.getInput() + "' cannot be a path here: " + e.getReason() + ".";
      case UnknownHostException e -> NetworkTrouble.unknownHost(String.valueOf(e.getMessage()));
      case SocketException e -> NetworkTrouble.sentence(e);
      case SSLException e -> NetworkTrouble.tls(e);
      case InterruptedIOException e when !(e instanceof SocketTimeoutException) -> "Stopped.";
      case InterruptedException _ -> "Stopped.";
      case RemoteException e ->
          afterColons("The other node refuses: " + ended(String.valueOf(e.getMessage())));
      case HubException e -> afterColons(ended(String.valueOf(e.getMessage())));
      case SystemCallException e -> FileTrouble.systemCall(e);
      case LinkageError e -> LibraryTrouble.sentence(e);
      case OutOfMemoryError e -> MemoryTrouble.sentence(e);
      case IOException e -> plain(e);
      default ->
          "Something went wrong in Godwit itself ("
              + failure
              + "). Run the command again with --verbose, and report what it shows.";
    };
  }

  private static String plain(IOException e) {
    @Nullable String message = e.getMessage();
    if (message == null || message.isBlank()) {
      return "It did not work: " + e + ". Run it again with --verbose to see where.";
    }
    return FileTrouble.advice(message)
        .map(advice -> "It did not work: " + ended(message) + " " + advice)
        .orElseGet(() -> afterColons(ended(message)));
  }

  private static String capital(String sentence) {
    return sentence.isEmpty()
        ? sentence
        : Character.toUpperCase(sentence.charAt(0)) + sentence.substring(1);
  }

  /**
   * A message that was put together of several: what follows a colon begins with a small letter,
   * unless it is a name.
   */
  static String afterColons(String message) {
    return WORD_AFTER_COLON
        .matcher(message)
        .replaceAll(found -> found.group().toLowerCase(Locale.ROOT));
  }

  /** A message as a sentence: with a point at its end. */
  public static String ended(String message) {
    return message.endsWith(".") || message.endsWith("?") || message.endsWith("!")
        ? message
        : message + ".";
  }
}
