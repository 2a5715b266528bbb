@org.jspecify.annotations.NullMarked
package dev.godwit.webrtc.bridge;
