@org.jspecify.annotations.NullMarked
package dev.godwit.webrtc.child;
