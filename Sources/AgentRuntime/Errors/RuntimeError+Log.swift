extension RuntimeError {
  /// The error and what caused it, one after the other, as the log may have it: without what callers sent. The
  /// message of a fault quotes values, and a model that refuses a request may quote the prompt.
  public var logText: String {
    if !faults.isEmpty {
      return faults.prefix(20).map { "\($0.pathText): \($0.type)" }.joined(separator: "; ")
    }
    var texts: [String] = []
    var next: (any Error)? = self
    while let error = next, texts.count < 8 {
      switch error {
      case let error as RuntimeError:
        if !error.quotesModel { texts.append(error.message) }
        next = error.cause
      case let error as ModelError:
        texts.append(error.kind == .rejected ? "model_rejected (status \(error.status ?? 0))" : error.description)
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

  private var quotesModel: Bool { (cause as? ModelError)?.kind == .rejected }
}
