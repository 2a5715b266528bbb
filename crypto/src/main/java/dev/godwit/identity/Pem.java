package dev.godwit.identity;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The textual encoding of keys and certificates (RFC 7468). */
final class Pem {

  static final String PRIVATE_KEY = "PRIVATE KEY";
  static final String CERTIFICATE = "CERTIFICATE";

  private static final int LINE_CHARS = 64;

  private Pem() {}

  static String encode(String label, byte[] der) {
    byte[] newline = {'\n'};
    return begin(label)
        + "\n"
        + Base64.getMimeEncoder(LINE_CHARS, newline).encodeToString(der)
        + "\n"
        + end(label)
        + "\n";
  }

  /** Decodes the first part with this label. The messages never quote the content. */
  static byte[] decode(String label, byte[] file) throws IOException {
    String text = new String(file, StandardCharsets.ISO_8859_1);
    int begin = text.indexOf(begin(label));
    int end = begin < 0 ? -1 : text.indexOf(end(label), begin);
    if (end < 0) {
      throw new IOException("There is no \"" + label + "\" part in it.");
    }
    String body = text.substring(begin + begin(label).length(), end).replaceAll("\\s", "");
    try {
      return Base64.getDecoder().decode(body);
    } catch (IllegalArgumentException e) {
      throw new IOException("Its \"" + label + "\" part is not base64.", e);
    }
  }

  private static String begin(String label) {
    return "-----BEGIN " + label + "-----";
  }

  private static String end(String label) {
    return "-----END " + label + "-----";
  }
}
