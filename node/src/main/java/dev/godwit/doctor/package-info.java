/** Finds out what a machine and its network allow, and what to do where they do not. */
@NullMarked
package dev.godwit.doctor;

import org.jspecify.annotations.NullMarked;
