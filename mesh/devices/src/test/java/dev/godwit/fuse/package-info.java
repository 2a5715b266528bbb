/** Tests of the FUSE file: its parsers and its session alone, and through the kernel. */
@NullMarked
package dev.godwit.fuse;

import org.jspecify.annotations.NullMarked;
