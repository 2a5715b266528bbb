/** What a node and its WebRTC process say to each other over their UNIX socket. */
@org.jspecify.annotations.NullMarked
package dev.godwit.webrtc.bridge;
