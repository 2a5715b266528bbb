/** A resource as one file, served to the kernel through {@code /dev/fuse}. */
@NullMarked
package dev.godwit.fuse;

import org.jspecify.annotations.NullMarked;
