package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.godwit.backend.BackendClosedException;
import dev.godwit.backend.OutOfRangeException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.ReadOnlyFileSystemException;
import org.junit.jupiter.api.Test;

final class NbdErrorTest {
  @Test
  void failuresHaveTheNumbersOfTheSpecification() {
    assertEquals(NbdError.EIO, NbdError.of(new IOException("whatever")));
    assertEquals(NbdError.EIO, NbdError.of(new IOException()));
    assertEquals(NbdError.EIO, NbdError.of(new IllegalStateException("x")));
    assertEquals(NbdError.EINVAL, NbdError.of(new OutOfRangeException(1, 2, 3)));
    assertEquals(NbdError.ENOSPC, NbdError.of(new IOException("No space left on device")));
    assertEquals(NbdError.ENOSPC, NbdError.of(new IOException("Disk quota exceeded")));
    assertEquals(NbdError.ENOSPC, NbdError.of(new IOException("File too large")));
    assertEquals(
        NbdError.ENOSPC,
        NbdError.of(new FileSystemException("f", null, "No space left on device")));
    assertEquals(NbdError.EPERM, NbdError.of(new AccessDeniedException("f")));
    assertEquals(NbdError.EPERM, NbdError.of(new ReadOnlyFileSystemException()));
    assertEquals(NbdError.ESHUTDOWN, NbdError.of(new BackendClosedException()));
    assertEquals(NbdError.EOVERFLOW, NbdError.of(new NbdException(NbdError.EOVERFLOW, "x")));
  }

  @Test
  void unknownNumbersCountAsMediumErrors() {
    assertEquals(NbdError.EIO, NbdError.ofCode(4711));
    for (NbdError error : NbdError.values()) {
      assertEquals(error, NbdError.ofCode(error.code()));
    }
  }
}
