/** Where a resource's bytes live. */
@NullMarked
package dev.godwit.backend;

import org.jspecify.annotations.NullMarked;
