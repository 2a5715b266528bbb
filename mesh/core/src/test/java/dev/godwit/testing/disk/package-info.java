/** A disk that fails when a test wants it to, below everything that uses files. */
@NullMarked
package dev.godwit.testing.disk;

import org.jspecify.annotations.NullMarked;
