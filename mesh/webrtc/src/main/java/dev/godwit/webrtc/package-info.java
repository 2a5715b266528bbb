/**
 * Connections over WebRTC data channels. The native library lives in a process of its own; see
 * {@link dev.godwit.webrtc.WebRtcTransport}.
 */
@org.jspecify.annotations.NullMarked
package dev.godwit.webrtc;
