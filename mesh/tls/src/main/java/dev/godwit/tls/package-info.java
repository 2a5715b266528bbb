/**
 * TLS 1.3 over anything that carries bytes in order, TCP first of all, with a multiplexer of our
 * own above it. {@link dev.godwit.tls.TlsTransport} is the one over TCP; {@link
 * dev.godwit.tls.TlsLayer} puts the same on a channel that exists already. {@link
 * dev.godwit.tls.FrameType} is the wire format.
 */
@NullMarked
package dev.godwit.tls;

import org.jspecify.annotations.NullMarked;
