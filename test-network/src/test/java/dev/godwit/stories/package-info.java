/** The tutorials, read from their pages and run as their readers do. */
@NullMarked
package dev.godwit.stories;

import org.jspecify.annotations.NullMarked;
