@NullMarked
package dev.godwit.pull;

import org.jspecify.annotations.NullMarked;
