/** The suite that every transport passes, for those that need a hub or a network of their own. */
@NullMarked
package dev.godwit.conformance;

import org.jspecify.annotations.NullMarked;
