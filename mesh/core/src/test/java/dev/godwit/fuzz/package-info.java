/** Fuzz targets for what is read from peers and from disk. */
@NullMarked
package dev.godwit.fuzz;

import org.jspecify.annotations.NullMarked;
