@NullMarked
package dev.godwit.session;

import org.jspecify.annotations.NullMarked;
