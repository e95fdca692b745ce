import Testing

@testable import AgentSandbox

@Suite struct LayerBuildsStateMachineTests {
  private var builds = LayerBuildsStateMachine(runningMax: 2, buildsMax: 4)

  @Test mutating func oneBuildServesAllWhoWait() {
    #expect(builds.enter(1, "a") == .start && builds.enter(2, "a") == .wait && builds.enter(3, "a") == .wait)
    #expect(builds.ended("a") == .init(served: [1, 2, 3]))
    #expect(!builds.contains("a") && builds.enter(4, "a") == .start)
  }

  @Test mutating func soManyRunAndSoManyWait() {
    #expect(builds.enter(1, "a") == .start && builds.enter(2, "b") == .start)
    #expect(builds.enter(3, "c") == .wait && builds.enter(4, "d") == .wait && builds.enter(5, "e") == .refuse)
    #expect(builds.enter(6, "c") == .wait)
    #expect(builds.ended("b") == .init(served: [2], starts: ["c"]))
    #expect(builds.ended("c") == .init(served: [3, 6], starts: ["d"]))
    #expect(builds.ended("a") == .init(served: [1]) && builds.ended("d") == .init(served: [4]))
  }

  @Test mutating func theLastWhoLeavesStopsTheBuild() {
    #expect(builds.enter(1, "a") == .start && builds.enter(2, "a") == .wait)
    #expect(!builds.leave(1, "a") && !builds.leave(1, "a") && !builds.leave(9, "b"))
    #expect(builds.leave(2, "a") && builds.contains("a"))
    #expect(builds.ended("a") == .init() && !builds.contains("a"))
  }

  @Test mutating func whoComesWhileABuildStopsGetsTheNext() {
    #expect(builds.enter(1, "a") == .start && builds.leave(1, "a"))
    #expect(builds.enter(2, "a") == .wait && builds.enter(3, "a") == .wait && !builds.leave(3, "a"))
    #expect(builds.ended("a") == .init(starts: ["a"]))
    #expect(builds.ended("a") == .init(served: [2]))
  }

  @Test mutating func whoComesAndLeavesWhileABuildStopsStartsNothing() {
    #expect(builds.enter(1, "a") == .start && builds.leave(1, "a"))
    #expect(builds.enter(2, "a") == .wait && !builds.leave(2, "a"))
    #expect(builds.ended("a") == .init())
  }

  @Test mutating func aQueuedBuildThatNobodyWantsGoes() {
    #expect(builds.enter(1, "a") == .start && builds.enter(2, "b") == .start && builds.enter(3, "c") == .wait)
    #expect(!builds.leave(3, "c") && !builds.contains("c"))
    #expect(builds.ended("a") == .init(served: [1]))
  }

  /// Any order of events: everyone who stays is served once, never more run than may, and in the end nothing is left.
  @Test(arguments: 0..<200) func nothingIsLost(seed: UInt64) {
    var (dice, machine) = (
      Dice(state: seed &* 0x9E37_79B9_7F4A_7C15 | 1), LayerBuildsStateMachine(runningMax: 2, buildsMax: 3)
    )
    var (waiting, running, next) = ([Int: String](), Set<String>(), 0)
    func check(_ ending: LayerBuildsStateMachine.Ending) {
      for waiter in ending.served { #expect(waiting.removeValue(forKey: waiter) != nil) }
      for name in ending.starts { #expect(running.insert(name).inserted) }
      #expect(running.count <= 2)
    }
    for _ in 0..<300 {
      switch dice.roll(3) {
      case 0:
        next += 1
        let name = "\(dice.roll(4))"
        let entry = machine.enter(next, name)
        if entry != .refuse { waiting[next] = name }
        if entry == .start { #expect(running.insert(name).inserted) }
      case 1:
        guard let (waiter, name) = waiting.sorted(by: { $0.key < $1.key }).dropFirst(dice.roll(3)).first else {
          continue
        }
        waiting[waiter] = nil
        if machine.leave(waiter, name) { #expect(running.contains(name) && !waiting.values.contains(name)) }
      default:
        guard let name = running.sorted().dropFirst(dice.roll(2)).first else { continue }
        running.remove(name)
        check(machine.ended(name))
      }
    }
    while let name = running.sorted().first {
      running.remove(name)
      check(machine.ended(name))
    }
    #expect(waiting.isEmpty && (0..<4).allSatisfy { !machine.contains("\($0)") })
  }
}

private struct Dice {
  var state: UInt64

  mutating func roll(_ sides: UInt64) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % sides)
  }
}
