/** Fetching the bytes of a resource from another node. */
@NullMarked
package dev.godwit.pull;

import org.jspecify.annotations.NullMarked;
