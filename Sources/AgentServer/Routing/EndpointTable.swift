import AgentJSON
import AgentRuntime
import HTTPTypes

/// Finds the endpoint of a method and a path (contract §1.6). A table and not a router of a library, since the same
/// declarations yield `/openapi.json`, `Allow`, and the labels of metrics.
struct EndpointTable: Sendable {
  struct Match {
    let index: Int
    let parameters: [String: String]
  }

  let endpoints: [Endpoint]
  private let patterns: [[Substring]]
  private let exact: [String: [Int]]

  init(_ endpoints: [Endpoint]) {
    self.endpoints = endpoints
    patterns = endpoints.map(\.segments)
    var exact: [String: [Int]] = [:]
    for (index, endpoint) in endpoints.enumerated() where !endpoint.path.contains("{") {
      exact[endpoint.path, default: []].append(index)
    }
    self.exact = exact
  }

  /// Throws `RuntimeError` 404, or 405 with the methods that are allowed in its details.
  func match(_ method: HTTPRequest.Method, path: Substring) throws -> Match {
    let path = path.count > 1 && path.hasSuffix("/") ? path.dropLast() : path
    // A HEAD is answered as its GET, without the body.
    let method = method == .head ? .get : method
    let exact = exact[String(path)] ?? []
    if let index = exact.first(where: { endpoints[$0].method == method }) {
      return Match(index: index, parameters: [:])
    }
    // With another method the same path may name something: an agent may be called `compose`.
    let segments = path.split(separator: "/")
    let found = patterns.indices.filter { endpoints[$0].path.contains("{") && fits(patterns[$0], segments) }
    guard !exact.isEmpty || !found.isEmpty else {
      throw RuntimeError(.notFound, "There is nothing at '\(path.prefix(200))'.")
    }
    guard let index = found.first(where: { endpoints[$0].method == method }) else { throw notAllowed(exact + found) }
    return Match(index: index, parameters: try values(patterns[index], segments))
  }

  private func fits(_ pattern: [Substring], _ segments: [Substring]) -> Bool {
    pattern.count == segments.count
      && zip(pattern, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
  }

  private func values(_ pattern: [Substring], _ segments: [Substring]) throws -> [String: String] {
    var values: [String: String] = [:]
    for (name, segment) in zip(pattern, segments) where name.hasPrefix("{") {
      guard let value = segment.percentDecoded else {
        throw RuntimeError(.notFound, "'\(segment.prefix(128))' is not valid percent-encoding of UTF-8.")
      }
      values[String(name.dropFirst().dropLast())] = value
    }
    return values
  }

  private func notAllowed(_ found: [Int]) -> RuntimeError {
    let methods = found.map { endpoints[$0].method.rawValue }.joined(separator: ", ")
    return RuntimeError(
      .methodNotAllowed, "This path answers \(methods) alone.", details: ["allow": .string(methods)])
  }
}
