/** Orders, formats and profiles against models, and against what other people's tools say. */
@NullMarked
package dev.godwit.pullorder;

import org.jspecify.annotations.NullMarked;
