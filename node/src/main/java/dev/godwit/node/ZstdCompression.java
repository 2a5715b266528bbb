package dev.godwit.node;

import com.github.luben.zstd.Zstd;
import dev.godwit.wire.Compression;
import dev.godwit.wire.ProtocolException;
import java.nio.ByteBuffer;

/** Zstandard (RFC 8878) at its fastest ordinary level. */
final class ZstdCompression implements Compression {
  private static final int LEVEL = 1;

  @Override
  public boolean compress(ByteBuffer src, ByteBuffer dst) {
    long size =
        Zstd.compressDirectByteBuffer(
            dst, dst.position(), dst.remaining(), src, src.position(), src.remaining(), LEVEL);
    if (Zstd.isError(size)) {
      return false;
    }
    dst.position(dst.position() + (int) size);
    return true;
  }

  @Override
  public void decompress(ByteBuffer src, ByteBuffer dst) throws ProtocolException {
    long size =
        Zstd.decompressDirectByteBuffer(
            dst, dst.position(), dst.remaining(), src, src.position(), src.remaining());
    if (Zstd.isError(size)) {
      throw new ProtocolException("damaged compressed content: " + Zstd.getErrorName(size));
    }
    if (size != dst.remaining()) {
      throw new ProtocolException(
          "compressed content of " + size + " bytes where " + dst.remaining() + " were announced");
    }
    dst.position(dst.limit());
  }
}
