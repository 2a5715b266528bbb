/** Who belongs to a mesh and what a member may do. */
@NullMarked
package dev.godwit.membership;

import org.jspecify.annotations.NullMarked;
