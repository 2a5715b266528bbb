/** Tests of the calls into the C library. */
@NullMarked
package dev.godwit.libc;

import org.jspecify.annotations.NullMarked;
