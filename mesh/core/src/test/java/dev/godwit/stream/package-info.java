@NullMarked
package dev.godwit.stream;

import org.jspecify.annotations.NullMarked;
