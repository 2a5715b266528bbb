/** Small logs on stable storage. */
@NullMarked
package dev.godwit.log;

import org.jspecify.annotations.NullMarked;
