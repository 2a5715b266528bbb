package dev.godwit.cli;

import dev.godwit.identity.NodeId;
import dev.godwit.membership.Capability;
import dev.godwit.membership.Grant;
import dev.godwit.membership.Membership;
import dev.godwit.membership.MeshKey;
import dev.godwit.membership.Revocations;
import dev.godwit.node.DurationWords;
import dev.godwit.node.Explanation;
import dev.godwit.node.MemberNames;
import dev.godwit.node.MeshFounding;
import dev.godwit.node.Node;
import dev.godwit.node.NodeException;
import dev.godwit.node.NodeHome;
import dev.godwit.node.NodeSettings;
import dev.godwit.node.PeerView;
import dev.godwit.signaling.HubAddress;
import dev.godwit.ticket.Ticket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who belongs together. */
@Command(
    name = "mesh",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "VERB",
    description = "Make a mesh, invite machines into it, join one, and see or revoke its members.",
    subcommands = {
      MeshCommand.Create.class,
      MeshCommand.Invite.class,
      MeshCommand.Join.class,
      MeshCommand.Members.class,
      MeshCommand.Revoke.class,
    })
final class MeshCommand implements Runnable {
  @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        Objects.requireNonNull(spec).commandLine(),
        "Say what to do with the mesh: create, invite, join, members, revoke.");
  }

  /** A name for this machine that fits into a certificate. */
  private static String hostName() {
    String name;
    try {
      // As gethostname(2) says, without asking DNS, which may take long to say nothing.
      name = Files.readString(Path.of("/proc/sys/kernel/hostname"), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      name = System.getenv().getOrDefault("HOSTNAME", "node");
    }
    String plain =
        name.toLowerCase(Locale.ROOT).replaceAll("\\..*", "").replaceAll("[^a-z0-9-]", "-");
    return plain.isEmpty() ? "node" : plain.substring(0, Math.min(63, plain.length()));
  }

  private static MeshKey key(NodeHome home) throws IOException {
    home.mesh();
    return home.meshKey()
        .orElseThrow(
            () ->
                new NodeException(
                    NodeException.Kind.NOT_ALLOWED,
                    "Only the node that made the mesh can do this; its key is not here."));
  }

  @Command(
      name = "create",
      mixinStandardHelpOptions = true,
      description = "Make a mesh, with this node as its first member.")
  static final class Create extends Verb {
    @Parameters(
        paramLabel = "NAME",
        description = "What people call the mesh: 1 to 63 characters a-z, 0-9 and -.")
    private String name = "";

    @Option(
        names = "--hub",
        required = true,
        paramLabel = "ADDRESS",
        description = "The hub's address as 'godwit hub' prints it.")
    private String hub = "";

    @Option(
        names = "--as",
        paramLabel = "NAME",
        description =
            "What this node is called in the mesh: 1 to 63 characters a-z, 0-9 and - (default: the"
                + " host name).")
    private @Nullable String as;

    @Override
    ExitStatus run(Output output) throws Exception {
      HubAddress address;
      try {
        address = HubAddress.parse(hub);
      } catch (IllegalArgumentException e) {
        throw new NodeException(
            NodeException.Kind.USAGE,
            "'" + hub + "' is no hub address. " + Explanation.ended(String.valueOf(e.getMessage())),
            e);
      }
      NodeHome home = common().nodeHome();
      Membership own =
          MeshFounding.create(home, name, as == null ? hostName() : as, address, waits());
      output.line(
          output.terminal().tick()
              + " Made mesh "
              + output.terminal().strong(name)
              + "; this node is "
              + own.name()
              + ".");
      output.line("Next: godwit mesh invite NAME, and godwit mesh join on the other machine.");
      output.event(
          Json.event("result")
              .put("ok", true)
              .put("mesh", own.mesh())
              .put("meshName", home.mesh().name())
              .put("name", own.name())
              .put("id", own.node()));
      return ExitStatus.DONE;
    }
  }

  @Command(
      name = "invite",
      mixinStandardHelpOptions = true,
      description = {
        "Print a ticket that lets one machine join, and wait until it has.",
        "The ticket is a secret: it works once and expires."
      })
  static final class Invite extends Verb {
    private static final DurationRange VALID =
        new DurationRange(Duration.ofMinutes(1), Duration.ofDays(30));

    private static final Set<Capability> GRANTED =
        Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(Capability.ADMIN)));

    @Parameters(
        paramLabel = "NAME",
        description = "What the new member is called: 1 to 63 characters a-z, 0-9 and -.")
    private String name = "";

    @Option(
        names = "--grant",
        paramLabel = "PATTERN=CAPS",
        description = {
          "What it may do with which resources, for example 'vm*=read,migrate'.",
          "Capabilities: read, write, migrate (default: *=read,write,migrate)."
        })
    private List<String> grants = List.of("*=read,write,migrate");

    @Option(
        names = "--valid",
        paramLabel = "TIME",
        defaultValue = "1h",
        description = "How long the ticket works, 1m to 30d (default: ${DEFAULT-VALUE}).")
    private Duration valid = Duration.ofHours(1);

    @Option(
        names = "--no-wait",
        description = "Do not wait; any other running command of this node lets the machine in.")
    private boolean noWait;

    @Override
    ExitStatus run(Output output) throws Exception {
      VALID.check("--valid", valid);
      NodeHome home = common().nodeHome();
      MeshKey mesh = key(home);
      List<Grant> parsed = new ArrayList<>();
      for (String grant : grants) {
        parsed.add(grant(grant));
      }
      Ticket ticket = MeshFounding.invite(home, name, parsed, valid);
      if (noWait) {
        show(output, mesh, ticket);
      } else {
        showAndAwait(output, home, mesh, ticket);
      }
      output.event(Json.event("result").put("ok", true));
      return ExitStatus.DONE;
    }

    private void show(Output output, MeshKey mesh, Ticket ticket) {
      output.line(
          "The ticket for "
              + output.terminal().strong(name)
              + ", valid for "
              + DurationWords.of(valid)
              + ". It is a secret:");
      output.line("");
      output.verbatim("  " + ticket.text());
      output.line("");
      output.verbatim("On the other machine: godwit mesh join");
      output.event(
          Json.event("ticket")
              .put("ticket", ticket.text())
              .put("mesh", mesh.id())
              .put("expires", ticket.expiry()));
    }

    /** The ticket is shown when this node can be asked about it, not before. */
    private void showAndAwait(Output output, NodeHome home, MeshKey mesh, Ticket ticket)
        throws Exception {
      try (Node node = Node.start(home, told(NodeSettings.standard()))) {
        show(output, mesh, ticket);
        output.line(
            "Waiting for it to join. Ctrl-C ends this; the ticket then works while any other"
                + " command of this node runs.");
        output.event(Json.event("waiting").put("node", node.id()));
        long deadline = System.nanoTime() + valid.toNanos();
        var joined = node.joined(ticket.id());
        NodeId who = joined.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        output.line(output.terminal().tick() + " " + name + " has joined: " + who);
        output.event(Json.event("joined").put("name", name).put("id", who));
      } catch (TimeoutException e) {
        throw new NodeException(
            NodeException.Kind.FAILED, "Nobody used the ticket before it expired.", e);
      }
    }

    /** One that is asked for somewhere; {@code admin} is not. */
    private static Capability capability(String word) {
      return GRANTED.stream()
          .filter(one -> one.name().equals(word.toUpperCase(Locale.ROOT)))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("no capability: " + word));
    }

    private static Grant grant(String text) throws NodeException {
      int equals = text.lastIndexOf('=');
      try {
        EnumSet<Capability> capabilities = EnumSet.noneOf(Capability.class);
        for (String one : text.substring(equals + 1).split(",", -1)) {
          capabilities.add(capability(one.strip()));
        }
        return new Grant(text.substring(0, equals), capabilities);
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        throw new NodeException(
            NodeException.Kind.USAGE,
            "'"
                + text
                + "' is no grant; write PATTERN=CAPS, for example 'vm*=read,migrate'. CAPS are "
                + GRANTED.stream()
                    .map(one -> one.name().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", "))
                + ".",
            e);
      }
    }
  }

  @Command(
      name = "join",
      mixinStandardHelpOptions = true,
      description = "Join a mesh with a ticket. Without one on the command line it is asked for.")
  static final class Join extends Verb {
    @Parameters(
        arity = "0..1",
        paramLabel = "TICKET",
        description =
            "The ticket. Others on this machine can see a command line: leave it away and type or"
                + " pipe the ticket instead.")
    private @Nullable String ticket;

    @Override
    ExitStatus run(Output output) throws Exception {
      NodeHome home = common().nodeHome();
      String text = ticket != null ? ticket : read(output);
      Membership own = MeshFounding.join(home, text, waits());
      output.line(
          output.terminal().tick()
              + " Joined mesh "
              + output.terminal().strong(home.mesh().name())
              + " as "
              + output.terminal().strong(own.name())
              + ".");
      output.line("Next: godwit ls, godwit seed, godwit leech.");
      output.event(
          Json.event("result")
              .put("ok", true)
              .put("mesh", own.mesh())
              .put("meshName", home.mesh().name())
              .put("name", own.name())
              .put("id", own.node()));
      return ExitStatus.DONE;
    }

    private static String read(Output output)
        throws IOException, InterruptedException, ExecutionException {
      if (StandardStreams.IN.isFolder()) {
        throw new NodeException(
            NodeException.Kind.USAGE,
            "Standard input is a folder, where a ticket has to be. Pipe the ticket, or type it.");
      }
      if (StandardStreams.IN.isTerminal()) {
        output.line("Ticket:");
      }
      // Reading a terminal cannot be interrupted, and waiting for it can.
      FutureTask<@Nullable String> typed = new FutureTask<>(Join::readLine);
      Thread.ofPlatform().daemon().name("typed").start(typed);
      @Nullable String line = typed.get();
      if (line == null || line.isBlank()) {
        throw new NodeException(NodeException.Kind.USAGE, "No ticket was given.");
      }
      return line;
    }

    private static @Nullable String readLine() throws IOException {
      return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))
          .readLine();
    }
  }

  @Command(
      name = "members",
      mixinStandardHelpOptions = true,
      description = "List the members; on a node that did not make the mesh, those that are there.")
  static final class Members extends Verb {
    @Override
    ExitStatus run(Output output) throws Exception {
      NodeHome home = common().nodeHome();
      // Says so when there is no mesh.
      var _ = home.mesh();
      Membership own = home.membership();
      Revocations revocations;
      List<PeerView> present;
      try (Node node = Node.start(home, told(NodeSettings.standard()))) {
        present = node.peers();
        revocations = home.revocations(own.mesh());
      }
      Set<NodeId> shown = new HashSet<>();
      Table table = new Table();
      show(output, table, own.name(), own.node(), "this node");
      shown.add(own.node());
      for (Membership member : home.members()) {
        if (shown.add(member.node())) {
          boolean there = present.stream().anyMatch(peer -> peer.id().equals(member.node()));
          show(
              output,
              table,
              member.name(),
              member.node(),
              revocations.isRevoked(member.node()) ? "revoked" : there ? "there" : "away");
        }
      }
      for (PeerView peer : present) {
        if (shown.add(peer.id())) {
          show(output, table, peer.name(), peer.id(), "there");
        }
      }
      table.show(output);
      output.event(Json.event("result").put("ok", true).put("members", shown.size()));
      return ExitStatus.DONE;
    }

    private static void show(Output output, Table table, String name, NodeId id, String state) {
      table.row(name, state, id.toString());
      output.event(Json.event("member").put("name", name).put("id", id).put("state", state));
    }
  }

  @Command(
      name = "revoke",
      mixinStandardHelpOptions = true,
      description = "Shut a member out for good. It would need a new identity and a new ticket.")
  static final class Revoke extends Verb {
    @Parameters(paramLabel = "NODE", description = "Its name or id.")
    private String node = "";

    @Override
    ExitStatus run(Output output) throws Exception {
      NodeHome home = common().nodeHome();
      MeshKey key = key(home);
      NodeId id = new MemberNames(home).find(NodeWord.checked(node));
      if (id.equals(home.identity().id())) {
        throw new NodeException(
            NodeException.Kind.FAILED,
            node
                + " is this node itself, which alone can invite and revoke: without it the mesh would"
                + " come to an end. To leave, end what runs here and delete its folder, "
                + home.directory()
                + ".");
      }
      Revocations list = home.revocations(key.id()).revoke(key, id, Instant.now());
      // Whatever becomes of the rest, this node lets it in no more.
      home.keep(list);
      try (Node here = Node.start(home, told(NodeSettings.standard()))) {
        here.publish(list);
      } catch (NodeException e) {
        throw new NodeException(
            e.kind(),
            node
                + " is revoked on this machine, and nobody else knows it yet. "
                + e.getMessage()
                + " Everybody hears of it when any command of this node reaches the hub.",
            e);
      }
      output.line(
          output.terminal().tick() + " " + node + " is revoked; who is online knows it already.");
      output.event(Json.event("result").put("ok", true).put("id", id));
      return ExitStatus.DONE;
    }
  }
}
