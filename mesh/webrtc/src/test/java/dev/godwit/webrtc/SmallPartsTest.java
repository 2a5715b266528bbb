package dev.godwit.webrtc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.testing.EvilText;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SmallPartsTest {

  /** The password was made with {@code openssl dgst -sha1 -hmac}. */
  @Test
  void turnCredentialsAreThoseThatCoturnComputes() {
    TurnCredentials made =
        TurnCredentials.until(Instant.ofEpochSecond(1_900_000_000), "godwit", "north");
    assertEquals("1900000000:godwit", made.username());
    assertEquals("td3Lt0KYLmUFyAGfe1RIWbcGXcs=", made.password());
  }

  @Test
  void passwordsAreNotPrinted() {
    TurnCredentials made = TurnCredentials.until(Instant.EPOCH, "x", "y");
    assertFalse(made.toString().contains(made.password()));
    assertFalse(made.at("turn:192.0.2.1").toString().contains(made.password()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          candidate:1 1 udp 2122260223 203.0.113.5 50000 typ host generation 0 | true
          candidate:1 1 udp 2122260223 2001:db8::1 50000 typ host              | true
          candidate:1 1 UDP 1 192.168.1.2 9 typ srflx raddr 0.0.0.0 rport 0    | true
          candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host                | false
          candidate:1 1 udp 2122260223 ::1 50000 typ host                      | false
          candidate:1 1 udp 2122260223 0.0.0.0 50000 typ host                  | false
          candidate:1 1 udp 2122260223 224.0.0.1 50000 typ host                | false
          candidate:1 1 udp 2122260223 4f1b-22.local 50000 typ host            | false
          candidate:1 1 udp 2122260223 example.org 50000 typ host              | false
          candidate:1 1 udp 2122260223                                         | false
          a 1 udp 2122260223 203.0.113.5 50000 typ host                        | false
          """)
  void onlyAddressesThatOthersMayReachAreCandidates(String candidate, boolean accepted) {
    assertEquals(accepted, CandidateFilter.accepts(candidate));
  }

  @Test
  void aBudgetIsTakenAndGivenBack() {
    WindowBudget budget = new WindowBudget(10);
    assertTrue(budget.take(6));
    assertFalse(budget.take(5));
    assertTrue(budget.take(4));
    budget.giveBack(6);
    assertTrue(budget.take(5));
  }

  @Test
  void whyAPeerClosesIsFitForTerminals() throws Exception {
    ControlMessage said =
        ControlMessage.parse(ControlMessage.encode(new ControlMessage.Goodbye(EvilText.TEXT)));
    EvilText.assertHarmless(assertInstanceOf(ControlMessage.Goodbye.class, said).reason());
  }
}
