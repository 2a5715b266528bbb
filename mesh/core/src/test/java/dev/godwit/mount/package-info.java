@NullMarked
package dev.godwit.mount;

import org.jspecify.annotations.NullMarked;
