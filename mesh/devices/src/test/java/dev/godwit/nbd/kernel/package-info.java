@NullMarked
package dev.godwit.nbd.kernel;

import org.jspecify.annotations.NullMarked;
