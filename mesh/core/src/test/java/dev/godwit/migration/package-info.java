@NullMarked
package dev.godwit.migration;

import org.jspecify.annotations.NullMarked;
