extension RuntimeError {
  /// The error and what caused it, one after the other, as the log may have it: without what callers sent. The
  /// message of a fault quotes values, a model's own words may quote the prompt, and what code says of its failure may be
  /// anything: of these kind and status remain.
  public var logText: String {
    if !faults.isEmpty {
      return faults.prefix(20).map { "\($0.pathText): \($0.type)" }.joined(separator: "; ")
    }
    var texts: [String] = []
    var next: (any Error)? = self
    while let error = next, texts.count < 8 {
      switch error {
      case let error as RuntimeError:
        if !Self.isUnspeakable(error.cause) { texts.append(error.message) }
        next = error.cause
      case let error as ModelError:
        texts.append(error.kind.rawValue + (error.status.map { " (status \($0))" } ?? ""))
        next = error.cause
      case let error as StoreError:
        texts.append(error.message)
        next = error.cause
      default:
        texts.append("\(error)")
        next = nil
      }
    }
    return texts.joined(separator: " <- ")
  }

  /// Whether an error with this cause quotes somebody else.
  private static func isUnspeakable(_ cause: (any Error)?) -> Bool {
    cause is ModelError || cause is CustomCodeFailure || cause is TaskStepFailure
  }
}
