@NullMarked
package dev.godwit.wire;

import org.jspecify.annotations.NullMarked;
