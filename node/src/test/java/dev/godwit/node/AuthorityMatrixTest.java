package dev.godwit.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.migration.Seeder;
import dev.godwit.mount.MountHost;
import dev.godwit.node.AuthorityRow.Ids;
import dev.godwit.session.RemoteException;
import dev.godwit.session.TestMesh;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Who may do what: every operation, asked for by every kind of node over a new and over a running
 * connection, with the ids that whoever may do it has. The table in {@code docs/authority.md} is
 * made of what came of it; with {@code -Dgodwit.authority=write} it is written anew.
 */
@Timeout(120)
final class AuthorityMatrixTest {
  private static final Path PAGE = Path.of("../docs/authority.md");
  private static final String BEGIN = "<!-- begin: AuthorityMatrixTest -->\n";
  private static final String END = "<!-- end -->\n";
  private static final String YES = "yes";
  private static final String NO = "–";

  @TempDir private Path directory;
  private int worlds;

  /** Kinds of nodes that ask, and how they are connected. */
  private enum Kind {
    SILENT("shows no certificate"),
    STRANGER("of another mesh"),
    ENDED("has ended"),
    REVOKED("revoked"),
    ENDED_MEANWHILE("ended while connected"),
    REVOKED_MEANWHILE("revoked while connected"),
    NOTHING("everything elsewhere"),
    READ("read"),
    WRITE("write"),
    MIGRATE("migrate"),
    READ_WRITE("read, write"),
    LESS("read, everything before"),
    OTHER("everything, another has it"),
    ALL("everything");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    private List<Grant> grants() {
      return switch (this) {
        case NOTHING -> List.of(new Grant("photos", EnumSet.allOf(Capability.class)));
        case READ, LESS -> of(EnumSet.of(Capability.READ));
        case WRITE -> of(EnumSet.of(Capability.WRITE));
        case MIGRATE -> of(EnumSet.of(Capability.MIGRATE));
        case READ_WRITE -> of(EnumSet.of(Capability.READ, Capability.WRITE));
        default -> of(EnumSet.allOf(Capability.class));
      };
    }

    private static List<Grant> of(Set<Capability> capabilities) {
      return List.of(new Grant(AuthorityWorld.RESOURCE, capabilities));
    }
  }

  private boolean may(AuthorityRow row, Kind kind) throws Exception {
    try (AuthorityWorld world =
        new AuthorityWorld(Files.createDirectory(directory.resolve("home" + worlds++)))) {
      TestMesh.Member asking =
          kind == Kind.STRANGER
              ? new TestMesh().member("mallory")
              : world.member("bob", kind.grants());
      Ids ids = new Ids(world);
      world.pullFrom(kind == Kind.OTHER ? world.trusted("carol") : asking);
      return switch (kind) {
        case SILENT -> {
          anotherPrepares(world, row, ids);
          yield row.works(world, world.silent(asking), ids);
        }
        case ENDED_MEANWHILE, REVOKED_MEANWHILE -> {
          RawCaller caller = world.greeted(asking);
          assertTrue(row.prepare(caller, ids));
          end(world, asking, kind);
          yield row.works(world, caller, ids);
        }
        case STRANGER, ENDED, REVOKED -> {
          anotherPrepares(world, row, ids);
          end(world, asking, kind);
          yield worksIfWelcome(world, row, asking, ids);
        }
        case LESS -> {
          TestMesh.Member before = world.member(asking.identity(), "bob", Kind.ALL.grants());
          assertTrue(row.prepare(world.greeted(before), ids), row.words());
          yield row.works(world, world.greeted(asking), ids);
        }
        case OTHER -> {
          anotherPrepares(world, row, ids);
          yield row.works(world, world.greeted(asking), ids);
        }
        case NOTHING, READ, WRITE, MIGRATE, READ_WRITE, ALL -> {
          RawCaller caller = world.greeted(asking);
          if (!row.prepare(caller, ids)) {
            anotherPrepares(world, row, ids);
          }
          yield row.works(world, caller, ids);
        }
      };
    }
  }

  private static void end(AuthorityWorld world, TestMesh.Member asking, Kind kind)
      throws Exception {
    switch (kind) {
      case ENDED, ENDED_MEANWHILE -> world.certificatesEnd();
      case REVOKED, REVOKED_MEANWHILE -> world.revoke(asking);
      default -> {}
    }
  }

  private static void anotherPrepares(AuthorityWorld world, AuthorityRow row, Ids ids)
      throws IOException {
    assertTrue(row.prepare(world.greeted(world.trusted("carol")), ids), row.words());
  }

  private static boolean worksIfWelcome(
      AuthorityWorld world, AuthorityRow row, TestMesh.Member asking, Ids ids) throws IOException {
    RawCaller caller;
    try {
      caller = world.greeted(asking);
    } catch (RemoteException e) {
      // Welcome or not is the greeting's business; whoever does not care goes on without.
      return row.works(world, world.silent(asking), ids);
    }
    return row.works(world, caller, ids);
  }

  private String table() throws Exception {
    StringBuilder table = new StringBuilder("| |");
    for (Kind kind : Kind.values()) {
      table.append(' ').append(kind.words).append(" |");
    }
    table.append("\n| --- |").append(" --- |".repeat(Kind.values().length)).append('\n');
    for (AuthorityRow row : AuthorityRow.ALL) {
      table.append("| ").append(row.words()).append(" |");
      for (Kind kind : Kind.values()) {
        table.append(' ').append(may(row, kind) ? YES : NO).append(" |");
      }
      table.append('\n');
    }
    return table.toString();
  }

  @Test
  void whoMayDoWhatIsAsTheDocumentSays() throws Exception {
    String page = Files.readString(PAGE);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END);
    String table = table();
    if ("write".equals(System.getProperty("godwit.authority"))) {
      Files.writeString(PAGE, page.substring(0, begin) + table + page.substring(end));
    }
    assertEquals(page.substring(begin, end), table);
  }

  @Test
  void everyOperationHasARow() throws Exception {
    Set<String> known = new TreeSet<>();
    known.addAll(operations("dev.godwit.migration.Operation", Seeder.protocol()));
    known.addAll(operations("dev.godwit.mount.MountOperation", MountHost.protocol()));
    known.addAll(operations("dev.godwit.node.ReclaimAnswers", ReclaimAnswers.PROTOCOL));
    known.addAll(operations("dev.godwit.node.Pinging", Pinging.PROTOCOL));
    // A read, of both.
    known.add(Seeder.protocol() + " 4");
    known.add(MountHost.protocol() + " 4");
    Set<String> asked = new TreeSet<>();
    for (AuthorityRow row : AuthorityRow.ALL) {
      asked.add(row.protocol() + " " + row.operation());
    }
    assertEquals(known, asked);
  }

  private static Set<String> operations(String type, String protocol) throws Exception {
    Set<String> numbers = new TreeSet<>();
    for (Field field : Class.forName(type).getDeclaredFields()) {
      if (field.getType() == byte.class) {
        field.setAccessible(true);
        numbers.add(protocol + " " + field.getByte(null));
      }
    }
    return numbers;
  }
}
