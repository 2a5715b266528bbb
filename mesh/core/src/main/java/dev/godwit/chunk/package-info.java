/**
 * The chunk pipeline: small stages between a device and a backend, each a {@link
 * dev.godwit.backend.Backend} that does one thing, and the bookkeeping they share.
 */
@NullMarked
package dev.godwit.chunk;

import org.jspecify.annotations.NullMarked;
