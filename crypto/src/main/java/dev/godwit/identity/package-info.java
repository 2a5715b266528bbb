/** Who a node is: identity keys, node ids and the certificates that stand for them. */
@NullMarked
package dev.godwit.identity;

import org.jspecify.annotations.NullMarked;
