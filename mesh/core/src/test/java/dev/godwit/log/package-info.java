@NullMarked
package dev.godwit.log;

import org.jspecify.annotations.NullMarked;
