/** Messages that only one process of one node can open, whoever carries them. */
@NullMarked
package dev.godwit.seal;

import org.jspecify.annotations.NullMarked;
