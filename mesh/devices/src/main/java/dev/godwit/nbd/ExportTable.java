package dev.godwit.nbd;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The exports that a server offers right now. Called by many threads; must not block. */
public interface ExportTable {

  /** The names to list, in the order to list them. */
  List<String> names();

  /**
   * The export of that name. A client that names none asks for the empty name, the default export.
   */
  Optional<Export> find(String name);

  /**
   * A fixed table. When it has a single export, that one is the default export too.
   *
   * @throws IllegalArgumentException when two have the same name
   */
  static ExportTable of(Export... exports) {
    Map<String, Export> byName = new LinkedHashMap<>();
    for (Export export : exports) {
      if (byName.put(export.name(), export) != null) {
        throw new IllegalArgumentException("two exports named \"" + export.name() + "\"");
      }
    }
    List<String> names = Arrays.stream(exports).map(Export::name).toList();
    Optional<Export> fallback = exports.length == 1 ? Optional.of(exports[0]) : Optional.empty();
    return new ExportTable() {
      @Override
      public List<String> names() {
        return names;
      }

      @Override
      public Optional<Export> find(String name) {
        Optional<Export> exact = Optional.ofNullable(byName.get(name));
        return exact.isEmpty() && name.isEmpty() ? fallback : exact;
      }
    };
  }
}
