package dev.godwit.cli;

import java.util.List;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** Help whose lines are broken at spaces only, so that {@code nbd:HOST:PORT} stays whole. */
final class WholeWordsHelp extends Help {
  WholeWordsHelp(CommandSpec command, ColorScheme colours) {
    super(command, colours);
  }

  @Override
  public Layout createDefaultLayout(
      List<OptionSpec> options, List<PositionalParamSpec> parameters, ColorScheme colours) {
    Layout usual = super.createDefaultLayout(options, parameters, colours);
    return new Layout(
        colours,
        new WholeWordsTable(colours, usual.textTable()),
        usual.optionRenderer(),
        usual.parameterRenderer());
  }

  @Override
  public String description(Object... parameters) {
    return wrapped(commandSpec().usageMessage().description(), parameters);
  }

  @Override
  public String footer(Object... parameters) {
    return wrapped(commandSpec().usageMessage().footer(), parameters);
  }

  @Override
  protected String insertSynopsisCommandName(int headingLength, Text details) {
    String name = commandSpec().qualifiedName();
    String line =
        " ".repeat(headingLength)
            + colorScheme().commandText(name)
            + " "
            + details.toString().strip();
    int margin = headingLength + name.length() + 1;
    return String.join(
                System.lineSeparator(),
                DisplayText.wrap(line, commandSpec().usageMessage().width(), margin))
            .substring(headingLength)
        + System.lineSeparator();
  }

  private String wrapped(String[] lines, Object... parameters) {
    StringBuilder all = new StringBuilder();
    for (String line : lines) {
      String text = ansi().string(String.format(line, parameters));
      for (String part : DisplayText.wrap(text, commandSpec().usageMessage().width())) {
        all.append(part).append(System.lineSeparator());
      }
    }
    return all.toString();
  }

  /** Puts each line of a cell into a row of its own, so that the table has nothing to break. */
  private static final class WholeWordsTable extends TextTable {
    private final ColorScheme colours;

    WholeWordsTable(ColorScheme colours, TextTable like) {
      super(colours, like.columns());
      this.colours = colours;
      this.indentWrappedLines = like.indentWrappedLines;
    }

    @Override
    public Cell putValue(int row, int column, Text value) {
      Column at = columns()[column];
      String text = value == null ? "" : value.plainString();
      int room = at.width - at.indent;
      if (at.overflow != Column.Overflow.WRAP || text.length() <= room) {
        return super.putValue(row, column, value);
      }
      int begin = 0;
      int end = lineEnd(text, begin, room);
      Cell last = super.putValue(row, column, value.substring(begin, end));
      while (end < text.length()) {
        begin = end + 1;
        end = lineEnd(text, begin, room - indentWrappedLines);
        if (last.row + 1 == rowCount()) {
          addEmptyRow();
        }
        Text margin = colours.text(" ".repeat(indentWrappedLines));
        last = super.putValue(last.row + 1, column, margin.concat(value.substring(begin, end)));
      }
      return last;
    }

    /** Behind the last word that fits, or behind the first one. */
    private static int lineEnd(String text, int begin, int room) {
      if (text.length() - begin <= room) {
        return text.length();
      }
      int fitting = text.lastIndexOf(' ', begin + room);
      int first = text.indexOf(' ', begin);
      return fitting > begin ? fitting : first < 0 ? text.length() : first;
    }
  }
}
