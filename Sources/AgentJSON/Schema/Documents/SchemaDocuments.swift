/// The loaded documents with their identifiers: `$id`, `$anchor` and `$dynamicAnchor`.
struct SchemaDocuments {
  private let options: JSONSchema.Options
  private(set) var resources: [SchemaResource] = []
  private var documentURIs: [String] = []
  private var resourceByURI: [String: Int] = [:]
  private var resourceByRoot: [SchemaLocation.Key: Int] = [:]
  private var subschemas = 0

  init(options: JSONSchema.Options) { self.options = options }

  /// The location as a URI reference; relative within the schema itself.
  func path(of location: SchemaLocation) -> String {
    (location.document == 0 ? "" : documentURIs[location.document]) + "#" + location.pointer
  }

  func error(_ code: JSONSchemaError.Code, _ message: String, at location: SchemaLocation) -> JSONSchemaError {
    JSONSchemaError(code: code, message: message, schemaPath: path(of: location))
  }

  /// Adds a document and all identifiers in it; gives its root.
  mutating func add(_ value: JSONValue, uri text: String) throws(JSONSchemaError) -> SchemaLocation {
    let uri = URIReference(text)
    let resource = resources.count
    let root = SchemaLocation(resource: resource, document: documentURIs.count, pointer: "", value: value)
    documentURIs.append(uri.withoutFragment)
    let ownURI = try idURI(of: root, base: uri, isOlder: true) ?? uri
    resources.append(
      SchemaResource(uri: ownURI, root: root, dialect: try dialect(of: root, inherited: .draft2020)))
    resourceByURI[uri.withoutFragment] = resource
    resourceByURI[ownURI.withoutFragment] = resource
    resourceByRoot[root.key] = resource
    var pending = [root]
    while let location = pending.popLast() {
      try identify(location, pending: &pending)
    }
    return root
  }

  private mutating func identify(
    _ location: SchemaLocation, pending: inout [SchemaLocation]
  ) throws(JSONSchemaError) {
    subschemas += 1
    try checkSize(location)
    guard case .object = location.value else { return }
    var location = location
    if !location.pointer.isEmpty { try startResource(at: &location) }
    try addAnchors(of: location)
    pending += SchemaKeywords.children(of: location)
  }

  private func checkSize(_ location: SchemaLocation) throws(JSONSchemaError) {
    let limits = options.limits
    guard location.pointer.utf8.count <= limits.pointerBytesMax else {
      let message = "the schema nests too deeply; allowed: locations of up to \(limits.pointerBytesMax) bytes"
      throw JSONSchemaError(code: .schemaTooLarge, message: message, schemaPath: "#")
    }
    guard subschemas <= limits.subschemasMax else {
      throw error(.schemaTooLarge, "too many subschemas; allowed: \(limits.subschemasMax)", at: location)
    }
  }

  private mutating func startResource(at location: inout SchemaLocation) throws(JSONSchemaError) {
    let parent = resources[location.resource]
    guard let uri = try idURI(of: location, base: parent.uri, isOlder: parent.dialect.contains(.older)) else { return }
    let name = uri.withoutFragment
    guard resourceByURI[name] == nil else {
      let message = "$id \(JSONValue.string(name).brief) is taken; allowed: unique ones"
      throw error(.duplicateIdentifier, message, at: location)
    }
    let dialect = try dialect(of: location, inherited: parent.dialect)
    location.resource = resources.count
    resourceByURI[name] = location.resource
    resourceByRoot[location.key] = location.resource
    resources.append(SchemaResource(uri: uri, root: location, dialect: dialect))
  }

  /// The absolute URI of `$id`; nil if there is none, or only a fragment, as older drafts allow.
  private func idURI(
    of location: SchemaLocation, base: URIReference, isOlder: Bool
  ) throws(JSONSchemaError) -> URIReference? {
    guard let id = location.value["$id"] else { return nil }
    guard let text = id.stringValue else {
      throw error(.invalidKeyword, "$id is \(id.brief); allowed: a URI reference without fragment", at: location)
    }
    var uri = URIReference(text)
    if let fragment = uri.fragment, !fragment.isEmpty {
      guard isOlder else {
        throw error(.invalidKeyword, "$id is \(id.brief); allowed: a URI reference without fragment", at: location)
      }
      uri.fragment = nil
      if uri.text.isEmpty { return nil }
    }
    return uri.resolved(against: base)
  }

  private mutating func addAnchors(of location: SchemaLocation) throws(JSONSchemaError) {
    let names = ["$anchor", "$dynamicAnchor"].map { ($0, location.value[$0]) }
    for (keyword, value) in names {
      guard let value else { continue }
      guard let name = value.stringValue, Self.isAnchor(name) else {
        let allowed = "a letter or _, then letters, digits, - . _"
        throw error(.invalidKeyword, "\(keyword) is \(value.brief); allowed: \(allowed)", at: location)
      }
      try addAnchor(name, isDynamic: keyword == "$dynamicAnchor", at: location)
    }
    let isOlder = resources[location.resource].dialect.contains(.older)
    if isOlder, let id = location.value["$id"]?.stringValue, id.hasPrefix("#"), Self.isAnchor(String(id.dropFirst())) {
      try addAnchor(String(id.dropFirst()), isDynamic: false, at: location)
    }
  }

  private mutating func addAnchor(
    _ name: String, isDynamic: Bool, at location: SchemaLocation
  ) throws(JSONSchemaError) {
    let known = resources[location.resource].anchors[name]
    guard known == nil || known?.key == location.key else {
      throw error(.duplicateIdentifier, "the anchor \(name) is taken; allowed: unique ones", at: location)
    }
    resources[location.resource].anchors[name] = location
    if isDynamic { resources[location.resource].dynamicAnchors[name] = location }
  }

  private static func isAnchor(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first, first == "_" || (first.isASCII && first.properties.isAlphabetic) else {
      return false
    }
    return text.unicodeScalars.allSatisfy { PatternSet.isWordCharacter($0) || $0 == "-" || $0 == "." }
  }
}

extension SchemaDocuments {
  /// The schema or value that a reference from a location names.
  mutating func resolve(_ reference: String, from location: SchemaLocation) throws(JSONSchemaError) -> SchemaLocation {
    let uri = URIReference(reference).resolved(against: resources[location.resource].uri)
    let name = uri.withoutFragment
    if resourceByURI[name] == nil, let document = options.documents[name] ?? Metaschema.documents[name] {
      _ = try add(document, uri: name)
    }
    guard let resource = resourceByURI[name] else {
      let allowed = "parts of the schema, by pointer, $id or anchor; nothing is fetched"
      let message = "\(JSONValue.string(reference).brief) names no loaded schema; allowed: \(allowed)"
      throw error(.unresolvedReference, message, at: location)
    }
    let target = try part(uri.fragment ?? "", of: resource)
    guard let target else {
      let message = "\(JSONValue.string(reference).brief) leads to nothing; allowed: an existing location or anchor"
      throw error(.unresolvedReference, message, at: location)
    }
    return target
  }

  private func part(_ fragment: String, of resource: Int) throws(JSONSchemaError) -> SchemaLocation? {
    guard let fragment = URIReference.percentDecoded(fragment) else { return nil }
    var location = resources[resource].root
    if fragment.isEmpty { return location }
    guard fragment.hasPrefix("/") else { return resources[resource].anchors[fragment] }
    for token in fragment.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let key = String(token).unescapedFromPointer, let value = location.value.part(key) else { return nil }
      location = place(location.child(key, value))
      try checkSize(location)
    }
    return location
  }

  /// The location with the resource that starts there, if one does.
  func place(_ location: SchemaLocation) -> SchemaLocation {
    guard let resource = resourceByRoot[location.key] else { return location }
    var location = location
    location.resource = resource
    return location
  }

  private func dialect(
    of location: SchemaLocation, inherited: SchemaDialect
  ) throws(JSONSchemaError) -> SchemaDialect {
    guard let schema = location.value["$schema"] else { return inherited }
    let name = schema.stringValue.map { URIReference($0).withoutFragment }
    if let name, let known = SchemaDialect.known(name) { return known }
    guard let name, let metaschema = options.documents[name] else {
      throw error(
        .unsupportedDialect,
        "$schema is \(schema.brief); allowed: draft 2020-12 or a document given with the options", at: location)
    }
    switch SchemaDialect.of(metaschema: metaschema) {
    case .success(let dialect): return dialect
    case .failure(let unknown):
      throw error(.unsupportedDialect, "the vocabulary \(unknown.uri) is required, but not supported", at: location)
    }
  }
}

extension JSONValue {
  /// The member or element that a token of a JSON Pointer names.
  fileprivate func part(_ token: String) -> JSONValue? {
    switch self {
    case .object(let object): return object[token]
    case .array(let elements):
      guard let index = Int(token), String(index) == token, elements.indices.contains(index) else { return nil }
      return elements[index]
    default: return nil
    }
  }
}
