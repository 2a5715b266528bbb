/** Calls into the C library that the JDK does not offer. */
@NullMarked
package dev.godwit.libc;

import org.jspecify.annotations.NullMarked;
