/** How messages look on a stream: frames, their limits, checksums and encodings. */
@NullMarked
package dev.godwit.wire;

import org.jspecify.annotations.NullMarked;
