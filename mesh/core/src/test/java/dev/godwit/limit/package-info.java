@NullMarked
package dev.godwit.limit;

import org.jspecify.annotations.NullMarked;
