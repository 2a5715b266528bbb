package dev.godwit.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class NbdAddressTest {
  private static NbdAddress.Unix unix(String path, String export) {
    return new NbdAddress.Unix(Path.of(path), export);
  }

  @Test
  void readsTheShortForms() {
    assertEquals(unix("/run/a b.sock", ""), NbdAddress.parse("nbd:unix:/run/a b.sock"));
    assertEquals(unix("rel.sock", ""), NbdAddress.parse("nbd:unix:rel.sock"));
    assertEquals(new NbdAddress.Tcp("host", 1234, ""), NbdAddress.parse("nbd:host:1234"));
    assertEquals(new NbdAddress.Tcp("::1", 0, ""), NbdAddress.parse("nbd:[::1]:0"));
  }

  @Test
  void readsUris() {
    assertEquals(unix("/run/x", ""), NbdAddress.parse("nbd+unix:///?socket=/run/x"));
    assertEquals(
        unix("/run/x+y z", "a b"), NbdAddress.parse("nbd+unix:///a%20b?socket=/run/x+y%20z"));
    assertEquals(new NbdAddress.Tcp("h", 10809, "disk"), NbdAddress.parse("nbd://h/disk"));
    assertEquals(new NbdAddress.Tcp("::1", 7, ""), NbdAddress.parse("nbd://[::1]:7"));
  }

  @Test
  void writesUrisThatItCanRead() {
    NbdAddress[] addresses = {
      unix("/run/a b+c&d", "näme ?&/x"),
      new NbdAddress.Tcp("::1", 99, "a"),
      new NbdAddress.Tcp("example.org", 10809, "")
    };
    for (NbdAddress address : addresses) {
      assertEquals(address, NbdAddress.parse(address.toUri()), address.toUri());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nbd:",
        "nbd:unix:",
        "nbd:host",
        "nbd:host:",
        "nbd:host:x",
        "nbd:host:65536",
        "nbd:host:-1",
        "nbd::1",
        "nbd:a:b:1",
        "nbd+unix:///",
        "nbd+unix:///?socket=",
        "nbd://",
        "file:/x",
        "nbd://h:x/",
        "unix:/x",
        "nbd://a b/"
      })
  void refusesEverythingElseWithAHint(String text) {
    var e = assertThrows(IllegalArgumentException.class, () -> NbdAddress.parse(text));
    assertTrue(String.valueOf(e.getMessage()).contains("nbd:unix:PATH"), e.getMessage());
  }
}
