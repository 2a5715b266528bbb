/** Benchmarks: ratios against named peers, measured in the same run. */
@NullMarked
package dev.godwit.bench;

import org.jspecify.annotations.NullMarked;
