/**
 * A running node, and what a program needs to embed one. Begin with {@link dev.godwit.node.Node}.
 */
@NullMarked
package dev.godwit.node;

import org.jspecify.annotations.NullMarked;
