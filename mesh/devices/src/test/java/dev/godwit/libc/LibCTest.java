package dev.godwit.libc;

import static org.junit.jupiter.api.Assertions.assertSame;

import org.junit.jupiter.api.Test;

final class LibCTest {
  @Test
  void theLibraryIsBoundOnce() {
    assertSame(LibC.load(), LibC.load());
  }
}
