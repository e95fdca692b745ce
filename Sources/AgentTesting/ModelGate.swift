/// Holds a scripted answer up until the test opens it. It serves one call, and one test that waits for that call.
public struct ModelGate: Sendable {
  private let opening = AsyncStream.makeStream(of: Never.self)
  private let arrival = AsyncStream.makeStream(of: Never.self)

  /// A closed gate.
  public init() {}

  /// Lets the answer go on.
  public func open() { opening.continuation.finish() }

  /// Waits until the answer stands at the gate.
  public func reached() async { for await _ in arrival.stream {} }

  /// Waits until the gate is open. Throws `CancellationError`.
  func pass() async throws {
    arrival.continuation.finish()
    for await _ in opening.stream {}
    try Task.checkCancellation()
  }
}
