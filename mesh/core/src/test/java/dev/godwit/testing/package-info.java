/** What the model tests share: seeds, and a disk that can lose power. */
@NullMarked
package dev.godwit.testing;

import org.jspecify.annotations.NullMarked;
