/** What the tests of several packages share. */
@NullMarked
package dev.godwit;

import org.jspecify.annotations.NullMarked;
