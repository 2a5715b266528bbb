/** Ways to a peer: candidates, and checks which of them work. */
@NullMarked
package dev.godwit.path;

import org.jspecify.annotations.NullMarked;
