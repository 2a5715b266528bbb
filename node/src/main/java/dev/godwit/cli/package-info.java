/** The {@code godwit} command: one class for each verb. */
@NullMarked
package dev.godwit.cli;

import org.jspecify.annotations.NullMarked;
