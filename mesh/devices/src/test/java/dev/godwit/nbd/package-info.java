/** Tests of the NBD protocol, with peers of our own making and with other people's programs. */
@NullMarked
package dev.godwit.nbd;

import org.jspecify.annotations.NullMarked;
