/** Local access to a resource of another node. */
@NullMarked
package dev.godwit.mount;

import org.jspecify.annotations.NullMarked;
