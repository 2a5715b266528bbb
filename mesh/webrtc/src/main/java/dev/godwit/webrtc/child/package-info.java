/** The process that holds the native WebRTC library. It does what its node says, and reports. */
@org.jspecify.annotations.NullMarked
package dev.godwit.webrtc.child;
