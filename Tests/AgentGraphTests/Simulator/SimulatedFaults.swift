/// What a simulated node throws.
struct SimulatedFailure: Error, CustomStringConvertible {
  let node: String
  var description: String { "failure of \(node)" }
}

/// What everything throws in a process that died: nothing hears it.
struct SimulatedDeath: Error {}

/// What a disk that is full says.
struct SimulatedRefusal: Error {}

/// What is done to a simulated process.
enum SimulatedFault: String, CaseIterable {
  /// It ends at once; of the saves that it handed in some are still done.
  case crash
  /// Its run is cancelled from outside.
  case cancel
  /// Its run is asked to end.
  case drain
  /// From now on its saves are refused.
  case refuse
}

/// How a simulated process' run ended.
enum SimulatedEnd {
  case result(finished: Bool)
  case failed(any Error)
}
