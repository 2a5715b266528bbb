package dev.godwit.testnetwork;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Arrows point one way: {@code docs/architecture.md} "Modules". */
class ArchitectureTest {
  private static final String[] CRYPTO =
      packages("der", "identity", "membership", "ticket", "seal");
  private static final String[] CORE =
      packages(
          "backend",
          "chunk",
          "stream",
          "wire",
          "session",
          "limit",
          "log",
          "pull",
          "pullorder",
          "migration",
          "mount",
          "delta",
          "signaling",
          "stun",
          "path");
  private static final String[] QUIC = packages("quic", "portmap");
  private static final String[] TLS = packages("tls");
  private static final String[] WEBRTC = packages("webrtc");
  private static final String[] DEVICES = packages("nbd", "fuse", "libc");
  private static final String[] HUB = packages("hub");
  private static final String[] NODE = packages("node", "cli", "demo", "doctor", "lan");
  private static final String[] TEST_NETWORK = packages("testnetwork", "bench", "internet", "run");

  /** Measures Netty itself as the yardstick. */
  private static final String[] BENCH = packages("bench");

  private static final String[] OURS = {"dev.godwit.."};
  private static final String[] JDK = {"java..", "javax..", "org.jspecify.annotations.."};

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          // The tests of the core come as an archive, too, for the conformance suite.
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.godwit");

  private static String[] packages(String... names) {
    return Stream.of(names).map(name -> "dev.godwit." + name + "..").toArray(String[]::new);
  }

  private static String[] together(String[]... packages) {
    return Stream.of(packages).flatMap(Arrays::stream).toArray(String[]::new);
  }

  private static void check(ArchRule rule) {
    rule.allowEmptyShould(false).check(CLASSES);
  }

  /** Of our own, the packages {@code from} know only themselves and {@code allowed}. */
  private static void knowsOnly(String[] from, String[]... allowed) {
    check(
        classes()
            .that()
            .resideInAnyPackage(from)
            .should()
            .onlyDependOnClassesThat(
                not(resideInAnyPackage(OURS))
                    .or(resideInAnyPackage(from))
                    .or(resideInAnyPackage(together(allowed)))));
  }

  /** Only {@code users} know {@code library}. */
  private static void isKnownOnlyTo(String library, String... users) {
    check(
        noClasses()
            .that(resideInAnyPackage(OURS).and(not(resideInAnyPackage(users))))
            .should()
            .dependOnClassesThat(resideInAPackage(library)));
  }

  @Test
  void everyPackageBelongsToOneModule() {
    Set<String> ruled =
        Stream.of(CRYPTO, CORE, QUIC, TLS, WEBRTC, DEVICES, HUB, NODE, TEST_NETWORK)
            .flatMap(Arrays::stream)
            .map(name -> name.replace("..", ""))
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> found =
        CLASSES.stream()
            .map(one -> one.getPackageName().split("\\.", -1))
            .map(parts -> parts[0] + "." + parts[1] + "." + parts[2])
            .collect(Collectors.toCollection(TreeSet::new));
    found.removeAll(ruled);
    assertEquals(Set.of(), found, "packages that no rule speaks of");
  }

  @Test
  void cryptoKnowsNobody() {
    knowsOnly(CRYPTO);
  }

  @Test
  void coreKnowsCryptoOnly() {
    knowsOnly(CORE, CRYPTO);
  }

  @Test
  void coreNeedsTheJdkProtobufAndSlf4jOnly() {
    check(
        classes()
            .that()
            .resideInAnyPackage(CORE)
            .should()
            .onlyDependOnClassesThat(
                resideInAnyPackage(
                    together(
                        CRYPTO,
                        CORE,
                        JDK,
                        new String[] {"com.google.protobuf..", "org.slf4j.."}))));
  }

  @Test
  void coreCallsNothingNative() {
    check(
        noClasses()
            .that()
            .resideInAnyPackage(CORE)
            .should()
            .dependOnClassesThat()
            .haveFullyQualifiedName("java.lang.foreign.Linker")
            .orShould()
            .callMethod(System.class, "loadLibrary", String.class)
            .orShould()
            .callMethod(System.class, "load", String.class));
  }

  /** It asks DNS for this machine's own name, for ten seconds where nobody answers. */
  @Test
  void nobodyAsksForTheLocalHost() {
    check(noClasses().should().callMethod(InetAddress.class, "getLocalHost"));
  }

  @Test
  void quicKnowsNeitherDevicesNorHub() {
    knowsOnly(QUIC, CRYPTO, CORE);
  }

  @Test
  void tlsKnowsNeitherQuicDevicesNorHub() {
    knowsOnly(TLS, CRYPTO, CORE);
  }

  @Test
  void webrtcKnowsNeitherQuicNorDevicesNorHub() {
    knowsOnly(WEBRTC, CRYPTO, CORE);
  }

  @Test
  void onlyTheWebRtcProcessUsesTheNativeLibrary() {
    isKnownOnlyTo("dev.onvoid..", "dev.godwit.webrtc.child..");
  }

  @Test
  void devicesKnowNeitherQuicNorHub() {
    knowsOnly(DEVICES, CRYPTO, CORE);
  }

  @Test
  void hubKnowsNeitherQuicNorDevices() {
    knowsOnly(HUB, CRYPTO, CORE);
  }

  @Test
  void nodeDoesNotKnowTheTestNetwork() {
    knowsOnly(NODE, CRYPTO, CORE, QUIC, TLS, WEBRTC, DEVICES, HUB);
  }

  @Test
  void onlyDevicesUseJnr() {
    isKnownOnlyTo("jnr..", DEVICES);
  }

  @Test
  void onlyTransportAndHubUseNetty() {
    isKnownOnlyTo("io.netty..", together(QUIC, TLS, HUB, BENCH));
  }

  @Test
  void onlyPortMappingUsesItsLibrary() {
    isKnownOnlyTo("com.offbynull..", "dev.godwit.portmap..");
  }

  @Test
  void onlyLanDiscoveryUsesMdns() {
    isKnownOnlyTo("javax.jmdns..", "dev.godwit.lan..");
  }

  @Test
  void onlyCryptoUsesBouncyCastle() {
    isKnownOnlyTo("org.bouncycastle..", CRYPTO);
  }

  @Test
  void onlyTheCommandUsesPicocli() {
    isKnownOnlyTo("picocli..", "dev.godwit.cli..");
  }

  @Test
  void packagesAreFreeOfCycles() {
    check(slices().matching("dev.godwit.(*)..").should().beFreeOfCycles());
  }

  @Test
  void theStateMachinesArePure() {
    check(
        noClasses()
            .that()
            .haveNameMatching(
                "dev\\.godwit\\.migration\\.(SeederMachine|LeecherMachine|FinalizePolicy)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                "java.io..", "java.nio..", "java.net..", "java.util.concurrent..", "org.slf4j..")
            .orShould()
            .dependOnClassesThat()
            .haveNameMatching(
                "java\\.time\\.(Clock|Instant|InstantSource)|java\\.(util|security)\\..*Random")
            .orShould()
            .callMethod(System.class, "nanoTime")
            .orShould()
            .callMethod(System.class, "currentTimeMillis"));
  }
}
