package dev.godwit.pullorder;

import dev.godwit.chunk.PullOrder;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pull orders by the names that people give them, as {@code NAME} or {@code NAME:ARGUMENT}.
 * Immutable.
 */
public final class PullOrders {
  private static final Logger LOG = LoggerFactory.getLogger(PullOrders.class);

  private final Map<String, Kind> kinds;

  /** How one name is written and what it makes of its argument. */
  private record Kind(String usage, Function<@Nullable String, PullOrderFactory> parser) {}

  private PullOrders(Map<String, Kind> kinds) {
    this.kinds = kinds;
  }

  /**
   * The orders that come with Godwit.
   *
   * <ul>
   *   <li>{@code linear}: from the first block to the last.
   *   <li>{@code content}: what the file format needs before all else, see {@link
   *       ContentFormats#standard()}.
   *   <li>{@code profile}: what an earlier mount read first; without one, as {@code content}.
   *   <li>{@code hot}: what is read most at the owner; when nothing is known, as {@code content}.
   *   <li>{@code ranges:0-1M,10M+4K}: these bytes, see {@link #ranges}.
   * </ul>
   *
   * <p>All of them end with the rest in linear order.
   */
  public static PullOrders standard() {
    return new PullOrders(Map.of())
        .with("linear", _ -> PullOrder.linear())
        .with("content", PullOrders::byContent)
        .with("profile", resource -> byProfile(resource, resource.recorded()))
        .with("hot", resource -> byProfile(resource, resource.hot()))
        .withArgument("ranges", "0-1M,10M+4K", PullOrders::ranges);
  }

  /** These and one more, which takes no argument and hides one of the same name. */
  public PullOrders with(String name, PullOrderFactory factory) {
    return add(
        name,
        new Kind(
            name,
            argument -> {
              if (argument != null) {
                throw new IllegalArgumentException(
                    "the pull order '" + name + "' takes nothing behind its name");
              }
              return factory;
            }));
  }

  /**
   * These and one more, which needs an argument and hides one of the same name.
   *
   * @param example an argument, for messages
   * @param parser throws an {@link IllegalArgumentException} with a message for people when it does
   *     not understand its argument
   */
  public PullOrders withArgument(
      String name, String example, Function<String, PullOrderFactory> parser) {
    return add(
        name,
        new Kind(
            name + ":" + example,
            argument -> {
              if (argument == null) {
                throw new IllegalArgumentException(
                    "the pull order '" + name + "' needs more; write " + name + ":" + example);
              }
              return parser.apply(argument);
            }));
  }

  private PullOrders add(String name, Kind kind) {
    if (name.isEmpty() || name.indexOf(':') >= 0) {
      throw new IllegalArgumentException("'" + name + "' cannot be a name");
    }
    Map<String, Kind> more = new LinkedHashMap<>(kinds);
    more.put(name, kind);
    return new PullOrders(more);
  }

  /** How each order is written, such as {@code linear} or {@code ranges:0-1M,10M+4K}. */
  public List<String> usages() {
    return kinds.values().stream().map(Kind::usage).toList();
  }

  /**
   * Finds an order.
   *
   * @throws IllegalArgumentException with a message for people, which says what is possible
   */
  public PullOrderFactory named(String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    Kind kind = kinds.get(name);
    if (kind == null) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' is no pull order; there are "
              + usages().stream().collect(Collectors.joining(", ")));
    }
    return kind.parser.apply(colon < 0 ? null : text.substring(colon + 1));
  }

  /**
   * An order of given ranges: {@code FROM-TO} (exclusive) or {@code OFFSET+LENGTH}, several with
   * commas between; numbers may end with K, M, G or T, powers of 1024.
   *
   * @throws IllegalArgumentException with a message for people
   */
  public static PullOrderFactory ranges(String text) {
    List<ByteRange> ranges = RangeText.parse(text);
    return resource -> new PriorityRanges(resource.geometry(), ranges);
  }

  private static PullOrder byContent(PulledResource resource) throws IOException {
    Probe probe = new Probe(resource.source(), resource.geometry().size());
    return new PriorityRanges(resource.geometry(), ContentFormats.standard().important(probe));
  }

  private static PullOrder byProfile(PulledResource resource, Optional<AccessProfile> profile)
      throws IOException {
    long size = resource.geometry().size();
    if (profile.isEmpty()) {
      return byContent(resource);
    }
    if (!profile.get().isOf(resource.identity(), size)) {
      // An order is a hint: nothing is lost, so nothing fails.
      LOG.warn(
          "the profile of '{}' ({} bytes) is not used for '{}' ({} bytes)",
          profile.get().identity(),
          profile.get().size(),
          resource.identity(),
          size);
      return byContent(resource);
    }
    return new PriorityRanges(resource.geometry(), profile.get().ranges(resource.identity(), size));
  }
}
