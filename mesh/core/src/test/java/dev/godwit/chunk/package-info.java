@NullMarked
package dev.godwit.chunk;

import org.jspecify.annotations.NullMarked;
