/** WebRTC transports on machines of a virtual internet. */
@org.jspecify.annotations.NullMarked
package dev.godwit.webrtc;
