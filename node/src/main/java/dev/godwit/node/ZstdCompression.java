package dev.godwit.node;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import com.github.luben.zstd.util.Native;
import dev.godwit.wire.Compression;
import dev.godwit.wire.ProtocolException;
import java.nio.ByteBuffer;

/** Zstandard (RFC 8878) at its fastest ordinary level. */
final class ZstdCompression implements Compression {
  private static final int LEVEL = 1;

  /**
   * Loads the native library now, while somebody can be told that it cannot be, and not in the
   * middle of a transfer.
   *
   * @throws LinkageError when it cannot be loaded
   */
  void load() {
    Native.load();
  }

  @Override
  public boolean compress(ByteBuffer src, ByteBuffer dst) {
    try {
      int size =
          (int)
              Zstd.compressDirectByteBuffer(
                  dst,
                  dst.position(),
                  dst.remaining(),
                  src,
                  src.position(),
                  src.remaining(),
                  LEVEL);
      dst.position(dst.position() + size);
      return true;
    } catch (ZstdException e) {
      if (e.getErrorCode() == Zstd.errDstSizeTooSmall()) {
        return false;
      }
      throw e;
    }
  }

  @Override
  public void decompress(ByteBuffer src, ByteBuffer dst) throws ProtocolException {
    int size;
    try {
      size =
          (int)
              Zstd.decompressDirectByteBuffer(
                  dst, dst.position(), dst.remaining(), src, src.position(), src.remaining());
    } catch (ZstdException e) {
      throw new ProtocolException("damaged compressed content: " + e.getMessage(), e);
    }
    if (size != dst.remaining()) {
      throw new ProtocolException(
          "compressed content of " + size + " bytes where " + dst.remaining() + " were announced");
    }
    dst.position(dst.limit());
  }
}
