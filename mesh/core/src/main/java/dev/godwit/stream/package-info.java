/** Byte streams between nodes: the contract that every transport keeps and every role builds on. */
@NullMarked
package dev.godwit.stream;

import org.jspecify.annotations.NullMarked;
