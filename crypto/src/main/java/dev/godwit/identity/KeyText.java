package dev.godwit.identity;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.bouncycastle.util.encoders.Base32;

/**
 * The printed form of a 32-byte public key: 52 base32 characters (RFC 4648, section 6) in four
 * blocks of 13, each followed by a Luhn mod 32 check character, printed as eight groups of seven.
 * Every wrong single character and nearly every swap of neighbours is noticed, and the block is
 * named where it happened.
 */
public final class KeyText {

  /** The number of bytes of a key. */
  public static final int KEY_BYTES = 32;

  private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  private static final int DATA_CHARS = 52;
  private static final int BLOCK_DATA_CHARS = 13;
  private static final int BLOCK_CHARS = BLOCK_DATA_CHARS + 1;
  private static final int BLOCKS = DATA_CHARS / BLOCK_DATA_CHARS;
  private static final int GROUP_CHARS = 7;
  private static final int TEXT_CHARS = BLOCKS * BLOCK_CHARS;
  private static final int MAX_INPUT_CHARS = 512;

  private KeyText() {}

  /** Prints a key of 32 bytes. */
  public static String format(Octets key) {
    key.requireLength(KEY_BYTES, "A public key");
    String data = Base32.toBase32String(key.toByteArray()).substring(0, DATA_CHARS);
    StringBuilder checked = new StringBuilder(TEXT_CHARS);
    for (int at = 0; at < DATA_CHARS; at += BLOCK_DATA_CHARS) {
      String block = data.substring(at, at + BLOCK_DATA_CHARS);
      checked.append(block).append(checkCharacter(block));
    }
    return grouped(checked);
  }

  /**
   * Reads what {@link #format} printed, or what a human made of it: in any case, with spaces,
   * missing or additional dashes, and with 0, 1 and 8 for the letters O, I and B.
   *
   * @param failure makes the exception to throw from a sentence part that says what is wrong
   */
  public static <X extends Exception> Octets parse(String text, Function<String, X> failure)
      throws X {
    if (text.length() > MAX_INPUT_CHARS) {
      throw failure.apply("it is longer than " + MAX_INPUT_CHARS + " characters");
    }
    StringBuilder plain = new StringBuilder(TEXT_CHARS);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isSeparator(c)) {
        continue;
      }
      char read = forgiven(c);
      if (ALPHABET.indexOf(read) < 0) {
        throw failure.apply("the character at position " + (i + 1) + " never occurs in one");
      }
      plain.append(read);
    }
    if (plain.length() != TEXT_CHARS) {
      throw failure.apply(
          "it has " + plain.length() + " letters and digits instead of " + TEXT_CHARS);
    }
    return decode(plain, failure);
  }

  private static <X extends Exception> Octets decode(
      StringBuilder plain, Function<String, X> failure) throws X {
    StringBuilder data = new StringBuilder(DATA_CHARS);
    List<String> wrong = new ArrayList<>();
    for (int block = 0; block < BLOCKS; block++) {
      String chars = plain.substring(block * BLOCK_CHARS, (block + 1) * BLOCK_CHARS);
      String content = chars.substring(0, BLOCK_DATA_CHARS);
      if (checkCharacter(content) != chars.charAt(BLOCK_DATA_CHARS)) {
        int group = block * BLOCK_CHARS / GROUP_CHARS + 1;
        wrong.add("groups " + group + " and " + (group + 1) + " (" + grouped(chars) + ")");
      }
      data.append(content);
    }
    if (!wrong.isEmpty()) {
      throw failure.apply("a character is wrong in " + String.join(" and in ", wrong));
    }
    byte[] key = Base32.decode(data + "====");
    if (!Base32.toBase32String(key).startsWith(data.toString())) {
      throw failure.apply("its last group is not one that is ever printed");
    }
    return Octets.of(key);
  }

  private static boolean isSeparator(char c) {
    return Character.isWhitespace(c)
        || Character.isSpaceChar(c)
        || Character.getType(c) == Character.DASH_PUNCTUATION;
  }

  private static char forgiven(char c) {
    return switch (c) {
      case '0' -> 'O';
      case '1' -> 'I';
      case '8' -> 'B';
      default -> c < 128 ? Character.toString(c).toUpperCase(Locale.ROOT).charAt(0) : c;
    };
  }

  private static String grouped(CharSequence chars) {
    StringBuilder out = new StringBuilder(chars.length() + chars.length() / GROUP_CHARS);
    for (int i = 0; i < chars.length(); i++) {
      if (i > 0 && i % GROUP_CHARS == 0) {
        out.append('-');
      }
      out.append(chars.charAt(i));
    }
    return out.toString();
  }

  /** The Luhn algorithm in base 32: every second digit, from the right, counts twice. */
  private static char checkCharacter(String block) {
    int base = ALPHABET.length();
    int sum = 0;
    int factor = 2;
    for (int i = block.length() - 1; i >= 0; i--) {
      int addend = factor * ALPHABET.indexOf(block.charAt(i));
      sum += addend / base + addend % base;
      factor = 3 - factor;
    }
    return ALPHABET.charAt((base - sum % base) % base);
  }
}
