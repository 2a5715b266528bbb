package dev.godwit.ticket;

import dev.godwit.der.DerReader;
import dev.godwit.der.DerWriter;
import dev.godwit.der.MalformedDerException;
import dev.godwit.identity.HubFingerprint;
import dev.godwit.identity.NodeId;
import dev.godwit.membership.Label;
import dev.godwit.membership.MeshId;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.util.encoders.Base32;

/**
 * An invitation into a mesh: all that a node without any configuration needs in order to find the
 * inviter and to be let in, once. Whoever has it can join, so {@link #text()} is a secret.
 *
 * <p>The text is {@code gw1-} and the base32 (RFC 4648, lower case, unpadded) of a DER sequence
 * followed by the first four bytes of its SHA-256, so that a typo is told from a wrong ticket.
 *
 * <pre>{@code
 * SEQUENCE {
 *   mesh OCTET STRING (32), meshName UTF8String, inviter OCTET STRING (32),
 *   hubs SEQUENCE OF UTF8String, hubFingerprint OCTET STRING (32),
 *   id OCTET STRING (8), secret OCTET STRING (16), expiry INTEGER (milliseconds since 1970) }
 * }</pre>
 *
 * @param mesh the mesh to join
 * @param meshName what people call the mesh: 1 to 63 characters a-z, 0-9 and -
 * @param inviter the node that redeems the ticket
 * @param hubs 1 to {@link #MAX_HUBS} addresses {@code host:port}; an IPv6 host is in brackets
 * @param hubFingerprint how to recognize the hub
 * @param id the ticket's number in the inviter's book
 * @param secret what the inviter wants to see
 * @param expiry the first moment at which the ticket is worth nothing; whole milliseconds
 */
public record Ticket(
    MeshId mesh,
    String meshName,
    NodeId inviter,
    List<String> hubs,
    HubFingerprint hubFingerprint,
    TicketId id,
    TicketSecret secret,
    Instant expiry) {

  /** The most hub addresses of a ticket. */
  public static final int MAX_HUBS = 4;

  private static final String PREFIX = "gw1-";
  private static final int MAX_TEXT_CHARS = 8 * 1024;
  private static final int MAX_DER_BYTES = 4 * 1024;
  private static final int CHECKSUM_BYTES = 4;
  private static final int BASE32_BLOCK_CHARS = 8;
  private static final int MAX_HUB_CHARS = 261;
  private static final int MAX_PORT = 65_535;
  private static final Pattern HUB =
      Pattern.compile("(?:[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}\\]):([1-9][0-9]{0,4})");

  /** Checks everything and copies the list. */
  public Ticket {
    Label.require(meshName);
    hubs = List.copyOf(hubs);
    if (hubs.isEmpty() || hubs.size() > MAX_HUBS) {
      throw new IllegalArgumentException("A ticket names 1 to " + MAX_HUBS + " hub addresses.");
    }
    hubs.forEach(Ticket::requireHub);
    expiry = Instant.ofEpochMilli(expiry.toEpochMilli());
  }

  private static void requireHub(String address) {
    Matcher matcher = HUB.matcher(address);
    if (!matcher.matches() || Integer.parseInt(matcher.group(1)) > MAX_PORT) {
      throw new IllegalArgumentException(
          "A hub address is host:port with a port from 1 to " + MAX_PORT + ".");
    }
  }

  /**
   * Reads the text, in any case and with spaces and line breaks anywhere.
   *
   * @throws InvalidTicketException saying whether it is no ticket, damaged or of another version
   */
  public static Ticket parse(String text) throws InvalidTicketException {
    byte[] der = checked(decoded(text));
    try {
      DerReader in = DerReader.of(der, MAX_DER_BYTES);
      MeshId mesh = new MeshId(in.octets(MeshId.BYTES));
      String meshName = in.text(Label.MAX_CHARS);
      NodeId inviter = new NodeId(in.octets(NodeId.BYTES));
      List<String> hubs = new ArrayList<>();
      DerReader addresses = in.sequence(MAX_HUBS);
      while (addresses.hasMore()) {
        hubs.add(addresses.text(MAX_HUB_CHARS));
      }
      HubFingerprint fingerprint = new HubFingerprint(in.octets(HubFingerprint.BYTES));
      TicketId id = new TicketId(in.octets(TicketId.BYTES));
      TicketSecret secret = new TicketSecret(in.octets(TicketSecret.BYTES));
      Instant expiry = in.instant();
      in.end();
      return new Ticket(mesh, meshName, inviter, hubs, fingerprint, id, secret, expiry);
    } catch (MalformedDerException | IllegalArgumentException e) {
      throw new InvalidTicketException(
          "The ticket is complete, but its content makes no sense: " + e.getMessage(), e);
    }
  }

  private static byte[] decoded(String text) throws InvalidTicketException {
    if (text.length() > MAX_TEXT_CHARS) {
      throw new InvalidTicketException("This is not a ticket: it is too long.");
    }
    String plain = text.replaceAll("[\\s\\p{Z}]", "").toLowerCase(Locale.ROOT);
    if (!plain.startsWith(PREFIX)) {
      throw new InvalidTicketException("This is not a ticket: it does not begin with gw1-.");
    }
    String base32 = plain.substring(PREFIX.length()).toUpperCase(Locale.ROOT);
    if (!base32.matches("[A-Z2-7]*")) {
      throw new InvalidTicketException(
          "The ticket is damaged: there are characters in it that no ticket has.");
    }
    int missing = Math.floorMod(-base32.length(), BASE32_BLOCK_CHARS);
    if (missing == 2 || missing == 5 || missing > 6) {
      throw damaged();
    }
    byte[] decoded = Base32.decode(base32 + "=".repeat(missing));
    if (!base32(decoded).equals(base32)) {
      throw damaged();
    }
    return decoded;
  }

  private static byte[] checked(byte[] decoded) throws InvalidTicketException {
    int derBytes = decoded.length - CHECKSUM_BYTES;
    if (derBytes < 0) {
      throw damaged();
    }
    byte[] der = Arrays.copyOf(decoded, derBytes);
    byte[] checksum = Arrays.copyOfRange(decoded, derBytes, decoded.length);
    if (!Arrays.equals(checksum(der), checksum)) {
      throw damaged();
    }
    return der;
  }

  private static InvalidTicketException damaged() {
    return new InvalidTicketException(
        "The ticket is damaged: a part is missing or mistyped. Copy it again.");
  }

  private static byte[] checksum(byte[] der) {
    try {
      return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(der), CHECKSUM_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("This JDK has no SHA-256.", e);
    }
  }

  private static String base32(byte[] bytes) {
    return Base32.toBase32String(bytes).replace("=", "");
  }

  /** The ticket as it is handed over: a secret, not for logs and command lines. */
  public String text() {
    DerWriter addresses = new DerWriter();
    hubs.forEach(addresses::text);
    byte[] der =
        new DerWriter()
            .octets(mesh.key())
            .text(meshName)
            .octets(inviter.key())
            .sequence(addresses)
            .octets(hubFingerprint.sha256())
            .octets(id.value())
            .octets(secret.value())
            .instant(expiry)
            .encoded();
    byte[] all = Arrays.copyOf(der, der.length + CHECKSUM_BYTES);
    System.arraycopy(checksum(der), 0, all, der.length, CHECKSUM_BYTES);
    return PREFIX + base32(all).toLowerCase(Locale.ROOT);
  }

  /** Tells what is not secret. */
  @Override
  public String toString() {
    return "Ticket["
        + id
        + " into "
        + meshName
        + " by "
        + inviter.shortForm()
        + " until "
        + expiry
        + "]";
  }
}
