/** The NBD protocol: a server for any resource, and a client. */
@NullMarked
package dev.godwit.nbd;

import org.jspecify.annotations.NullMarked;
