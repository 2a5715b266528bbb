/**
 * What is pulled first: orders by given ranges, by what a file format needs before all else, and by
 * what was read before. Each is a {@link dev.godwit.chunk.PullOrder}; {@link
 * dev.godwit.pullorder.PullOrders} finds one by its name.
 */
@NullMarked
package dev.godwit.pullorder;

import org.jspecify.annotations.NullMarked;
