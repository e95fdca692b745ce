/// Which keywords count in a schema resource.
struct SchemaDialect: OptionSet {
  let rawValue: Int

  static let applicator = SchemaDialect(rawValue: 1 << 0)
  static let unevaluated = SchemaDialect(rawValue: 1 << 1)
  static let validation = SchemaDialect(rawValue: 1 << 2)
  static let formatAssertion = SchemaDialect(rawValue: 1 << 3)
  /// A schema of an older draft: `items` may be a list, and `$id` an anchor.
  static let older = SchemaDialect(rawValue: 1 << 4)

  static let draft2020: SchemaDialect = [.applicator, .unevaluated, .validation]

  private static let prefix = "https://json-schema.org/draft/2020-12/vocab/"

  private static let vocabularies: [String: SchemaDialect] = [
    "core": [], "meta-data": [], "content": [], "format-annotation": [], "applicator": .applicator,
    "unevaluated": .unevaluated, "validation": .validation, "format-assertion": .formatAssertion,
  ]

  private static let olderDrafts = ["draft-04", "draft-06", "draft-07", "draft/2019-09"]

  /// The dialect if the URI, without fragment, is that of a known draft.
  static func known(_ uri: String) -> SchemaDialect? {
    if uri == "https://json-schema.org/draft/2020-12/schema" { return draft2020 }
    let isOlder = olderDrafts.contains { draft in
      uri == "http://json-schema.org/\(draft)/schema" || uri == "https://json-schema.org/\(draft)/schema"
    }
    return isOlder ? draft2020.union(.older) : nil
  }

  /// The dialect of a metaschema by its `$vocabulary`; a required one that is unknown is the error.
  static func of(metaschema: JSONValue) -> Result<SchemaDialect, UnknownVocabulary> {
    guard let vocabulary = metaschema["$vocabulary"]?.objectValue else { return .success(draft2020) }
    var dialect: SchemaDialect = []
    for (uri, isRequired) in vocabulary {
      if uri.hasPrefix(prefix), let known = vocabularies[String(uri.dropFirst(prefix.count))] {
        dialect.formUnion(known)
      } else if isRequired.boolValue ?? true {
        return .failure(UnknownVocabulary(uri: uri))
      }
    }
    return .success(dialect)
  }

  struct UnknownVocabulary: Error {
    let uri: String
  }
}
