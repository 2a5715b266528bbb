package dev.godwit.membership;

import dev.godwit.der.DerReader;
import dev.godwit.der.DerWriter;
import dev.godwit.der.MalformedDerException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * A permission: these capabilities on every resource whose name matches the pattern.
 *
 * @param resourcePattern 1 to 200 printable ASCII characters; {@code *} stands for any number of
 *     any characters, also none
 * @param capabilities at least one
 */
public record Grant(String resourcePattern, Set<Capability> capabilities) {

  /** The longest pattern, in characters. */
  public static final int MAX_PATTERN_CHARS = 200;

  /** The most grants that one member can have. */
  public static final int MAX_GRANTS = 64;

  private static final char WILDCARD = '*';

  /** Checks pattern and capabilities, and copies the latter. */
  public Grant {
    if (resourcePattern.isEmpty()
        || resourcePattern.length() > MAX_PATTERN_CHARS
        || !resourcePattern.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw new IllegalArgumentException(
          "A resource pattern has 1 to "
              + MAX_PATTERN_CHARS
              + " printable ASCII characters and no spaces.");
    }
    if (capabilities.isEmpty()) {
      throw new IllegalArgumentException("A grant has at least one capability.");
    }
    capabilities = Collections.unmodifiableSet(EnumSet.copyOf(capabilities));
  }

  /** Whether this grant alone permits that. Takes a time bounded by the product of the lengths. */
  public boolean allows(String resource, Capability capability) {
    return capabilities.contains(capability) && matches(resource);
  }

  /** Whether any of these grants permits that. */
  public static boolean anyAllows(List<Grant> grants, String resource, Capability capability) {
    return grants.stream().anyMatch(grant -> grant.allows(resource, capability));
  }

  /**
   * Writes grants for {@link #read}.
   *
   * @throws IllegalArgumentException when there are more than {@link #MAX_GRANTS}
   */
  public static DerWriter write(List<Grant> grants) {
    if (grants.size() > MAX_GRANTS) {
      throw new IllegalArgumentException(
          "A member has at most " + MAX_GRANTS + " grants, not " + grants.size() + ".");
    }
    DerWriter all = new DerWriter();
    for (Grant grant : grants) {
      int bits = grant.capabilities.stream().mapToInt(Capability::bit).sum();
      all.sequence(new DerWriter().text(grant.resourcePattern).integer(bits));
    }
    return all;
  }

  /** Reads the next element, which {@link #write} made. */
  public static List<Grant> read(DerReader from) throws MalformedDerException {
    DerReader all = from.sequence(MAX_GRANTS);
    List<Grant> grants = new ArrayList<>();
    while (all.hasMore()) {
      DerReader one = all.sequence(2);
      String pattern = one.text(MAX_PATTERN_CHARS);
      Set<Capability> capabilities = capabilities(one);
      one.end();
      try {
        grants.add(new Grant(pattern, capabilities));
      } catch (IllegalArgumentException e) {
        throw new MalformedDerException("A grant is malformed.", e);
      }
    }
    return List.copyOf(grants);
  }

  private static Set<Capability> capabilities(DerReader from) throws MalformedDerException {
    int known = 0;
    for (Capability capability : Capability.values()) {
      known |= capability.bit();
    }
    long bits = from.integer(1, known);
    Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
    for (Capability capability : Capability.values()) {
      if ((bits & capability.bit()) != 0) {
        capabilities.add(capability);
      }
    }
    return capabilities;
  }

  /** Greedy matching that goes back to the latest wildcard only, hence without explosion. */
  private boolean matches(String resource) {
    int at = 0;
    int in = 0;
    int afterWildcard = -1;
    int retryAt = 0;
    while (at < resource.length()) {
      if (in < resourcePattern.length() && resourcePattern.charAt(in) == WILDCARD) {
        in++;
        afterWildcard = in;
        retryAt = at;
      } else if (in < resourcePattern.length()
          && resourcePattern.charAt(in) == resource.charAt(at)) {
        in++;
        at++;
      } else if (afterWildcard >= 0) {
        in = afterWildcard;
        retryAt++;
        at = retryAt;
      } else {
        return false;
      }
    }
    while (in < resourcePattern.length() && resourcePattern.charAt(in) == WILDCARD) {
      in++;
    }
    return in == resourcePattern.length();
  }
}
