package dev.godwit.cli;

import dev.godwit.node.Version;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code godwit} command. */
@Command(
    name = "godwit",
    header = "Moves live state (VM disks, databases, memory) between machines, peer to peer.",
    synopsisSubcommandLabel = "VERB",
    description = {
      "",
      "See it work:  godwit demo",
      "Begin:        godwit hub, then godwit mesh create, mesh invite, mesh join",
      "Move state:   godwit seed on one machine, godwit leech on the other",
      "Use it there: godwit seed on one machine, godwit mount on the other",
      ""
    },
    mixinStandardHelpOptions = true,
    versionProvider = Godwit.Versions.class,
    subcommands = {
      DemoCommand.class,
      DemoProgramCommand.class,
      DoctorCommand.class,
      PrepareStartCommand.class,
      HubCommand.class,
      IdCommand.class,
      MeshCommand.class,
      SeedCommand.class,
      LeechCommand.class,
      LsCommand.class,
      MountCommand.class,
      PeersCommand.class,
      PingCommand.class,
      StatusCommand.class,
      UmountCommand.class,
      UpCommand.class,
    })
public final class Godwit implements Runnable {

  /** Created by the command line. */
  public Godwit() {}

  static final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"godwit " + Version.current()};
    }
  }

  @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(Objects.requireNonNull(spec).commandLine(), "Say what to do.");
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    // Before anything is logged: the logger reads these once.
    String level = Arrays.asList(args).contains("--verbose") ? "debug" : "error";
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", level);
    System.setProperty("org.slf4j.simpleLogger.showDateTime", "true");
    System.setProperty("org.slf4j.simpleLogger.dateTimeFormat", "HH:mm:ss.SSS");
    System.exit(execute(args));
  }

  static int execute(String... args) {
    CommandLine command = new CommandLine(new Godwit());
    command.setCaseInsensitiveEnumValuesAllowed(true);
    command.registerConverter(Duration.class, Godwit::duration);
    command.setExecutionExceptionHandler(
        (failure, where, parsed) -> {
          report(where, failure, Arrays.asList(args).contains("--verbose"));
          return ExitStatus.of(failure).code();
        });
    command.setParameterExceptionHandler(
        (failure, arguments) -> {
          PrintWriter err = failure.getCommandLine().getErr();
          String name = failure.getCommandLine().getCommandSpec().qualifiedName();
          err.println(name + ": " + failure.getMessage());
          if (!UnmatchedArgumentException.printSuggestions(failure, err)) {
            err.println("Try '" + name + " --help'.");
          }
          return ExitStatus.USAGE.code();
        });
    return command.execute(args);
  }

  private static Duration duration(String text) {
    try {
      return Units.parseDuration(text);
    } catch (IllegalArgumentException e) {
      throw (TypeConversionException)
          new TypeConversionException(String.valueOf(e.getMessage())).initCause(e);
    }
  }

  static void report(CommandLine where, Exception failure, boolean verbose) {
    PrintWriter err = where.getErr();
    String message = failure.getMessage();
    err.println("godwit: " + (message == null || message.isBlank() ? failure.toString() : message));
    if (verbose) {
      failure.printStackTrace(err);
    }
    err.flush();
  }
}
