/** How often something may happen. */
@NullMarked
package dev.godwit.limit;

import org.jspecify.annotations.NullMarked;
