import Synchronization

/// Values that several tasks add, or take one by one.
final class Recorded<Value: Sendable>: Sendable {
  private let values: Mutex<[Value]>

  init(_ values: [Value] = []) { self.values = Mutex(values) }

  var all: [Value] { values.withLock { $0 } }

  func add(_ value: Value) { values.withLock { $0.append(value) } }

  /// The first value; the last one stays.
  func next() -> Value { values.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
}
