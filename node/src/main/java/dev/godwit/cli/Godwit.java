package dev.godwit.cli;

import dev.godwit.node.LibraryTrouble;
import dev.godwit.node.Version;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
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
      "More of one:  godwit help VERB",
      ""
    },
    footerHeading = "%n",
    footer = {
      "Sizes are written 64K, 256M, 2G (powers of 1024), durations 100ms, 30s, 2h.",
      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 not allowed, 4 cannot be reached, 5 data not"
          + " saved, 130 stopped.",
    },
    mixinStandardHelpOptions = true,
    versionProvider = Godwit.Versions.class,
    subcommands = {
      HelpCommand.class,
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
      ReclaimCommand.class,
      StatusCommand.class,
      UmountCommand.class,
      UpCommand.class,
      CompletionCommand.class,
      ManCommand.class,
    })
public final class Godwit implements Runnable {
  /** Wider help is hard to read. */
  private static final int WIDEST_HELP = 100;

  private static final int NARROWEST_HELP = 55;

  @Mixin private final CommonOptions common = new CommonOptions();

  /** Created by the command line. */
  public Godwit() {}

  static final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"godwit " + Version.current()};
    }
  }

  @CommandLine.Spec private CommandLine.Model.@Nullable CommandSpec spec;

  CommonOptions common() {
    return common;
  }

  @Override
  public void run() {
    throw new ParameterException(Objects.requireNonNull(spec).commandLine(), "Say what to do.");
  }

  /** Runs the command and exits with its status. */
  public static void main(String[] args) {
    // Before anything is logged: the logger reads these once.
    String level = Arrays.asList(args).contains("--verbose") ? "debug" : "error";
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", level);
    if (level.equals("error")) {
      // Listeners of connections that came about while the process was ending.
      System.setProperty(
          "org.slf4j.simpleLogger.log.io.netty.util.concurrent.DefaultPromise.rejectedExecution",
          "off");
    }
    System.setProperty("org.slf4j.simpleLogger.showDateTime", "true");
    System.setProperty("org.slf4j.simpleLogger.dateTimeFormat", "HH:mm:ss.SSS");
    System.exit(complete(args));
  }

  /** What is missing of this installation shows in many ways, before any verb can tell of it. */
  private static int complete(String... args) {
    try {
      return execute(args);
    } catch (CommandLine.InitializationException | LinkageError e) {
      System.err.println("godwit: " + LibraryTrouble.sentence(missing(e)));
      return ExitStatus.FAILED.code();
    }
  }

  private static LinkageError missing(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .filter(LinkageError.class::isInstance)
        .map(LinkageError.class::cast)
        .findFirst()
        .orElseGet(() -> new NoClassDefFoundError(String.valueOf(failure.getMessage())));
  }

  static int execute(String... args) {
    List<String> arguments = Arrays.asList(args);
    CommandLine command = commandLine();
    boolean colours = Terminal.standard().can(Terminal.Ability.COLOUR);
    command.setColorScheme(Help.defaultColorScheme(colours ? Help.Ansi.ON : Help.Ansi.OFF));
    if (arguments.isEmpty()
        || arguments.contains("--help")
        || arguments.contains("-h")
        || arguments.contains("help")) {
      int width = Terminal.standard().width();
      command.setUsageHelpWidth(Math.clamp(width, NARROWEST_HELP, WIDEST_HELP));
      if (width < NARROWEST_HELP) {
        command.setOut(new PrintWriter(new NarrowWriter(command.getOut(), width), true));
      }
    }
    command.setParameterExceptionHandler(
        (failure, _) -> misused(failure, arguments.contains("--json")));
    command.setExecutionStrategy(Godwit::run);
    int status = command.execute(args);
    command.getOut().flush();
    return status == ExitStatus.DONE.code() ? written(arguments.contains("--json")) : status;
  }

  private static int run(ParseResult parsed) {
    EmptyArguments.refuse(parsed);
    Godwit godwit = (Godwit) parsed.commandSpec().root().userObject();
    Optional<Json> help = godwit.common().json() ? HelpCommand.asked(parsed) : Optional.empty();
    if (help.isEmpty()) {
      return new CommandLine.RunLast().execute(parsed);
    }
    godwit.common().output().event(help.get());
    return ExitStatus.DONE.code();
  }

  /** Help and versions, too, are not done before they can be read. */
  private static int written(boolean json) {
    Output output = Output.standard(json ? Output.Audience.PROGRAM : Output.Audience.PERSON);
    if (!output.isLost()) {
      return ExitStatus.DONE.code();
    }
    output.error("godwit: " + Output.LOST);
    return ExitStatus.FAILED.code();
  }

  /** The whole command, as completion and man pages are made of it, too. */
  static CommandLine commandLine() {
    CommandLine command = new CommandLine(new Godwit());
    command.setCaseInsensitiveEnumValuesAllowed(true);
    command.registerConverter(Duration.class, Godwit::duration);
    command.setHelpFactory(WholeWordsHelp::new);
    return command;
  }

  /** What there is a help for. */
  static List<String> verbs() {
    return commandLine().getSubcommands().entrySet().stream()
        .filter(verb -> !verb.getValue().getCommandSpec().usageMessage().hidden())
        .map(Map.Entry::getKey)
        .toList();
  }

  private static int misused(ParameterException failure, boolean json) {
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    String name = command.getCommandSpec().qualifiedName();
    String message = Misuse.sentence(failure);
    if (json) {
      PrintWriter out = command.getOut();
      out.println(
          Json.event("result")
              .put("ok", false)
              .put("status", ExitStatus.USAGE.code())
              .put("error", message));
      out.flush();
    }
    err.println(DisplayText.visible(name + ": " + message));
    Optional<String> option = Misuse.option(failure);
    if (option.isPresent()) {
      err.println("Did you mean: " + name + " " + option.get() + "?");
    } else if (!UnmatchedArgumentException.printSuggestions(failure, err)) {
      err.println("Try '" + name + " --help'.");
    }
    err.flush();
    return ExitStatus.USAGE.code();
  }

  private static Duration duration(String text) {
    try {
      return Units.parseDuration(text);
    } catch (IllegalArgumentException e) {
      throw (TypeConversionException)
          new TypeConversionException(String.valueOf(e.getMessage())).initCause(e);
    }
  }
}
