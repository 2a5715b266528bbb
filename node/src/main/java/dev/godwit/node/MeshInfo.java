package dev.godwit.node;

import dev.godwit.identity.HubFingerprint;
import dev.godwit.membership.MeshId;
import dev.godwit.signaling.HubAddress;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Properties;

/**
 * What a member knows of its mesh besides its certificate.
 *
 * @param id the mesh's key
 * @param name for people
 * @param hubs where its hub listens, {@code HOST:PORT}, best first
 * @param fingerprint of the hub's certificate
 */
public record MeshInfo(MeshId id, String name, List<String> hubs, HubFingerprint fingerprint) {

  /** Copies the list, which must not be empty. */
  public MeshInfo {
    hubs = List.copyOf(hubs);
    if (hubs.isEmpty()) {
      throw new IllegalArgumentException("a mesh needs a hub");
    }
  }

  /** The hub's first address. */
  public HubAddress hub() {
    return HubAddress.of(hubs.getFirst(), fingerprint);
  }

  byte[] encoded() {
    Properties properties = new Properties();
    properties.setProperty("mesh", id.toString());
    properties.setProperty("name", name);
    properties.setProperty("hubs", String.join(" ", hubs));
    properties.setProperty("hub.fingerprint", fingerprint.toString());
    StringWriter text = new StringWriter();
    try {
      properties.store(text, null);
    } catch (IOException e) {
      throw new UncheckedIOException("a string writer failed", e);
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  static MeshInfo parse(byte[] encoded) throws IOException {
    Properties properties = new Properties();
    properties.load(new StringReader(new String(encoded, StandardCharsets.UTF_8)));
    try {
      return new MeshInfo(
          MeshId.parse(properties.getProperty("mesh", "")),
          properties.getProperty("name", ""),
          List.of(properties.getProperty("hubs", "").split(" ", -1)),
          HubFingerprint.parse(properties.getProperty("hub.fingerprint", "")));
    } catch (IllegalArgumentException e) {
      throw new IOException("it is damaged: " + e.getMessage(), e);
    }
  }
}
