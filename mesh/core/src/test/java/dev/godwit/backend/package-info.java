@NullMarked
package dev.godwit.backend;

import org.jspecify.annotations.NullMarked;
