package dev.godwit.webrtc.child;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.webrtc.bridge.BridgeCost;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChildTest {

  @Test
  void whatIsMissingIsSaidTogetherWithTheCommandThatInstallsIt() {
    assertEquals(
        Optional.of(
            "WebRTC needs libudev.so.1, libXrandr.so.2; on Debian, run this as root:"
                + " apt-get install libudev1 libxrandr2"),
        NativeLibraries.missing(name -> !name.contains("udev") && !name.contains("Xrandr")));
  }

  @Test
  void whenNothingIsMissingNothingIsSaid() {
    assertEquals(Optional.empty(), NativeLibraries.missing(name -> true));
  }

  @Test
  void messagesHaveLeftInTheirOrder() {
    Outstanding outstanding = new Outstanding();
    outstanding.add(10);
    outstanding.add(1);
    outstanding.add(5);
    assertEquals(0, outstanding.update(16));
    assertEquals(0, outstanding.update(7));
    assertEquals(BridgeCost.of(10), outstanding.update(6));
    assertFalse(outstanding.isEmpty());
    assertEquals(BridgeCost.of(10) + BridgeCost.of(1) + BridgeCost.of(5), outstanding.update(0));
    assertTrue(outstanding.isEmpty());
  }
}
