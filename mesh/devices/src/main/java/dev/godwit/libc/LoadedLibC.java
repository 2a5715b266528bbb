package dev.godwit.libc;

import jnr.ffi.LibraryLoader;

/** The one binding of this process: each one made is a new class that is never unloaded. */
final class LoadedLibC {
  static final LibC INSTANCE = LibraryLoader.create(LibC.class).load("c");

  private LoadedLibC() {}
}
