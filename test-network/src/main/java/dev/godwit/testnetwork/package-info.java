/** Real processes in a world of their own, for end-to-end tests and measurements. */
@NullMarked
package dev.godwit.testnetwork;

import org.jspecify.annotations.NullMarked;
