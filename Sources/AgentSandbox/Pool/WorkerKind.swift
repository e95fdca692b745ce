/// Workers that can stand in for each other.
struct WorkerKind: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// 1 Python, 2 JavaScript and TypeScript; from bit 8 on the interpreter's place among those of the language.
  var language: UInt32
  /// Which layer of packages they have; 0 for none.
  var layer: UInt32 = 0

  static func < (one: WorkerKind, other: WorkerKind) -> Bool {
    (one.language, one.layer) < (other.language, other.layer)
  }

  var description: String { layer == 0 ? "\(language)" : "\(language) with layer \(layer)" }
}
