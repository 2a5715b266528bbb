package dev.godwit.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One line of {@code --json} output: an object whose first member is {@code event}. */
public final class Json {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final Map<String, @Nullable Object> members = new LinkedHashMap<>();

  private Json() {}

  /** An object for an event of that name. */
  public static Json event(String name) {
    return new Json().put("event", name);
  }

  /** An object inside another. */
  public static Json object() {
    return new Json();
  }

  /** Adds a member: a string, a number, a boolean, null, or a list of objects. */
  public Json put(String name, @Nullable Object value) {
    members.put(name, value);
    return this;
  }

  /** Adds a list of objects. */
  public Json put(String name, List<Json> values) {
    members.put(name, new ArrayList<>(values));
    return this;
  }

  /** Whether it says how a command has ended. */
  boolean isResult() {
    return "result".equals(members.get("event"));
  }

  /** The line, without its end. */
  @Override
  public String toString() {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = FACTORY.createGenerator(text)) {
      write(generator);
    } catch (IOException e) {
      throw new UncheckedIOException("a string writer failed", e);
    }
    return text.toString();
  }

  private void write(JsonGenerator generator) throws IOException {
    generator.writeStartObject();
    for (Map.Entry<String, @Nullable Object> member : members.entrySet()) {
      generator.writeFieldName(member.getKey());
      write(generator, member.getValue());
    }
    generator.writeEndObject();
  }

  private static void write(JsonGenerator generator, @Nullable Object value) throws IOException {
    switch (value) {
      case null -> generator.writeNull();
      case Json object -> object.write(generator);
      case List<?> list -> {
        generator.writeStartArray();
        for (Object one : list) {
          write(generator, one);
        }
        generator.writeEndArray();
      }
      case Boolean flag -> generator.writeBoolean(flag);
      case Integer number -> generator.writeNumber(number);
      case Long number -> generator.writeNumber(number);
      case Double number -> generator.writeNumber(Math.round(number * 1000) / 1000.0);
      default -> generator.writeString(value.toString());
    }
  }
}
