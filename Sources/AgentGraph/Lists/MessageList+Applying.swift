extension MessageList {
  /// Applies a batch of changes, as LangGraph's `add_messages` does (G6). Returns how many leading messages stayed as
  /// they were, which need not be stored again (G28).
  ///
  /// Removed messages leave when the batch is through: one that is put again keeps its place, and removing twice is no
  /// error. Throws `GraphError.Code.unknownMessage` if a message to be removed is neither there nor put before, and
  /// leaves the list as it was.
  @discardableResult
  @inlinable
  public mutating func apply(_ operations: [MessageOperation<Message>]) throws(GraphError) -> Int {
    var (start, removes) = (0, false)
    for place in operations.indices {
      switch operations[place] {
      case .put: continue
      case .remove: removes = true
      case .removeAll: (start, removes) = (place + 1, false)
      }
    }
    if removes { try requireKnown(operations, from: start) }
    if start > 0 { self = MessageList() }
    var kept = count
    var removed: Set<Int> = []
    for place in start..<operations.count {
      switch operations[place] {
      case .put(let message):
        let place = put(message)
        kept = Swift.min(kept, place)
        if removes { removed.remove(place) }
      case .remove(let id):
        if let place = index(ofID: id) { removed.insert(place) }
      case .removeAll: continue
      }
    }
    guard let first = removed.min() else { return kept }
    remove(removed, from: first)
    return Swift.min(kept, first)
  }

  /// Looks for the only error of a batch before anything changes. What is before `start` does not count, nor, if
  /// there is such, does the list.
  @inlinable
  func requireKnown(_ operations: [MessageOperation<Message>], from start: Int) throws(GraphError) {
    var put: Set<String> = []
    for operation in operations[start...] {
      switch operation {
      case .put(let message): put.insert(message.id)
      case .remove(let id):
        if !id.isEmpty, put.contains(id) || start == 0 && index(ofID: id) != nil { continue }
        throw GraphError(.unknownMessage, "There is no message with the id \"\(id)\" to remove.")
      case .removeAll: continue
      }
    }
  }
}
