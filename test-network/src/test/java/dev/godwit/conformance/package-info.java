/** The conformance suites of transports that need a network of their own. */
@org.jspecify.annotations.NullMarked
package dev.godwit.conformance;
