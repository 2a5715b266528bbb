@NullMarked
package dev.godwit.quic;

import org.jspecify.annotations.NullMarked;
