import AgentGraph
import Dispatch
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Random graphs, killed at random points and gone on with, come to what they come to in peace.
///
/// `APUS_SIMULATOR_SEEDS` sets how many seeds are tried; `APUS_SIMULATOR_SEED` repeats one, `seed` or `seed/nodes`, and
/// prints what happens.
@Suite struct SimulatorTests {
  private static let slices = 8
  private static let seeds = Int(ProcessInfo.processInfo.environment["APUS_SIMULATOR_SEEDS"] ?? "") ?? 10_000

  @Test("G13 G14 G21 G22 G23 G30 G31: killed at any point, a run comes to the same", arguments: 0..<slices)
  func survives(slice: Int) async {
    guard ProcessInfo.processInfo.environment["APUS_SIMULATOR_SEED"] == nil else { return }
    let seeds = (0..<UInt64(Self.seeds)).filter { $0 % UInt64(Self.slices) == UInt64(slice) }
    let outcome = await SimulatorLane.run(slice) { SimulatorOutcome(seeds) }
    for failure in outcome.failures { Issue.record("\(failure)") }
    guard seeds.count >= 1000 else { return }
    for feature in SimulatorOutcome.features where outcome.reached[feature, default: 0] == 0 {
      Issue.record("no seed reached: \(feature)")
    }
    if ProcessInfo.processInfo.environment["APUS_SIMULATOR_SEEDS"] != nil {
      print(outcome.reached.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n"))
    }
  }

  @Test("One seed, with a trace", .enabled(if: ProcessInfo.processInfo.environment["APUS_SIMULATOR_SEED"] != nil))
  func repeatsOne() async throws {
    let parts = (ProcessInfo.processInfo.environment["APUS_SIMULATOR_SEED"] ?? "").split(separator: "/")
    let seed = try #require(parts.first.flatMap { UInt64($0) })
    let nodes = parts.dropFirst().first.flatMap { Int($0) } ?? 12
    await SimulatorLane.run(0) {
      let simulation = Simulation(seed: seed, nodesMax: nodes, isTraced: true)
      print(simulation.description)
      let report = simulation.run()
      print(report.trace.joined(separator: "\n"))
      for violation in report.violations { Issue.record("\(violation)") }
    }
  }
}

/// Two threads of their own: simulations compute, and would starve what waits in the shared ones.
enum SimulatorLane {
  private static let lanes = [DispatchQueue(label: "simulator 0"), DispatchQueue(label: "simulator 1")]

  static func run<Value: Sendable>(_ number: Int, _ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      lanes[number % lanes.count].async { continuation.resume(returning: work()) }
    }
  }
}

/// What many seeds came to.
struct SimulatorOutcome: Sendable {
  private(set) var failures: [String] = []
  private(set) var reached: [String: Int] = [:]

  private static let failuresMax = 3
  /// What a thousand seeds reach, or the simulator has lost its teeth.
  static let features =
    [
      "effect", "effect repeated", "failure", "failure by state", "handler", "question", "several interrupts", "goto",
      "condition", "sends by command", "sends by condition", "command for the parent", "drained",
      "nested mapped, inherited", "nested mapped, own", "nested mapped, none", "nested same, inherited",
      "nested same, own", "nested relay, inherited", "nested relay, own", "second turn", "fork", "nested fork",
      "unsaved run",
    ] + SimulatedFault.allCases.map { "fault \($0)" }

  init(_ seeds: [UInt64]) {
    for seed in seeds {
      let report = Simulation(seed: seed).run()
      reached.merge(report.reached, uniquingKeysWith: +)
      guard !report.violations.isEmpty else { continue }
      failures.append(Self.describe(seed))
      if failures.count >= Self.failuresMax { return }
    }
  }

  /// Cuts the graph as short as still fails, and tells how to repeat that.
  private static func describe(_ seed: UInt64) -> String {
    let shorter = (1..<12).first { !Simulation(seed: seed, nodesMax: $0).run().violations.isEmpty } ?? 12
    let simulation = Simulation(seed: seed, nodesMax: shorter)
    let violations = simulation.run().violations.prefix(4).joined(separator: "\n  ")
    return
      "seed \(seed) (APUS_SIMULATOR_SEED=\(seed)/\(shorter) repeats it):\n  \(violations)\n\(simulation.description)"
  }
}
