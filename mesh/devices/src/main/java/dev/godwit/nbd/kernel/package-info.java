/** NBD servers as block devices of the kernel, {@code /dev/nbdN}. */
@NullMarked
package dev.godwit.nbd.kernel;

import org.jspecify.annotations.NullMarked;
