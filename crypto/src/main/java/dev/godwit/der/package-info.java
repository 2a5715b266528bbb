/** The encoding of everything that is signed or stored here: strict, bounded DER. */
@NullMarked
package dev.godwit.der;

import org.jspecify.annotations.NullMarked;
