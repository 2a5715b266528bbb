/** Tests of TLS and the multiplexer. */
@NullMarked
package dev.godwit.tls;

import org.jspecify.annotations.NullMarked;
