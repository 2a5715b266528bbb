/** The demo: a program that keeps writing, a checker that trusts nobody, and what starts them. */
@NullMarked
package dev.godwit.demo;

import org.jspecify.annotations.NullMarked;
