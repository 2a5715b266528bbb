@NullMarked
package dev.godwit.node;

import org.jspecify.annotations.NullMarked;
