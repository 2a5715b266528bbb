/**
 * A virtual internet on one Linux machine: hosts, address translators and links, made of network
 * namespaces. Needs root.
 */
@NullMarked
package dev.godwit.internet;

import org.jspecify.annotations.NullMarked;
