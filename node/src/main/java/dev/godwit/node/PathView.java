package dev.godwit.node;

import dev.godwit.stream.Path;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a peer is reached, for people.
 *
 * @param path the way
 * @param roundTrip smoothed, zero when not known
 * @param why why it is this one, a sentence without a full stop
 * @param nextAttempt when a better one is looked for; null when there is none better
 */
public record PathView(Path path, Duration roundTrip, String why, @Nullable Instant nextAttempt) {}
