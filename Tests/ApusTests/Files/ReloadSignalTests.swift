import FoundationEssentials
import Logging
import Synchronization
import Testing
import UnixSignals

@testable import apus

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite(.timeLimit(.minutes(1))) struct ReloadSignalTests {
  struct Broken: Error, CustomStringConvertible {
    var description: String { "models.yaml:3: a: is wrong\nmodels.yaml:4: b: is wrong, too" }
  }

  private static let time = Date(timeIntervalSince1970: 1_700_000_000)
  private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func signal(_ reloads: [ReloadSignal.Reload], _ status: ReloadStatus) -> ReloadSignal {
    ReloadSignal(reloads, status: status, logger: logger) { Self.time }
  }

  @Test func aFailureIsKeptUntilTheNextSuccess() async {
    let status = ReloadStatus()
    let isBroken = Mutex(true)
    let others = Mutex(0)
    let reloads = signal(
      [
        .init(name: "MODELS_FILE") { if isBroken.withLock({ $0 }) { throw Broken() } },
        .init(name: "TOOLSETS_FILE") { others.withLock { $0 += 1 } },
      ], status)
    await reloads.reloadAll()
    await reloads.reloadAll()
    let failure = ReloadStatus.Failure(name: "MODELS_FILE", problem: "\(Broken())", time: Self.time)
    #expect(status.failures == [failure])
    #expect(others.withLock { $0 } == 2)
    isBroken.withLock { $0 = false }
    await reloads.reloadAll()
    #expect(status.failures.isEmpty)
  }

  @Test func everyNameHasItsOwnFailure() async {
    let status = ReloadStatus()
    await signal(["a", "b"].map { name in .init(name: name) { throw Broken() } }, status).reloadAll()
    #expect(status.failures.map(\.name) == ["a", "b"])
  }

  @Test func signalsDuringAReloadAreMerged() async {
    let (signals, source) = AsyncStream.makeStream(of: Void.self)
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let (goOn, proceed) = AsyncStream.makeStream(of: Void.self)
    let count = Mutex(0)
    let reloads = signal(
      [
        .init(name: "x") {
          start.yield()
          for await _ in goOn { break }
          count.withLock { $0 += 1 }
        }
      ], ReloadStatus())
    async let followed: Void = reloads.follow(signals)
    var starts = started.makeAsyncIterator()
    source.yield()
    await starts.next()
    // The first one is under way: these are all one.
    for _ in 0..<100 { source.yield() }
    source.finish()
    proceed.finish()
    await followed
    #expect((2...3).contains(count.withLock { $0 }))
  }

  @Test func aRealSIGHUPReloadsAndEndsNothing() async throws {
    let (reloaded, note) = AsyncStream.makeStream(of: Void.self)
    let service = signal([.init(name: "x") { note.yield() }], ReloadStatus())
    // Once it is made the signal is trapped.
    let signals = await UnixSignalsSequence(trapping: .sighup)
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await service.follow(signals) }
      var reloads = reloaded.makeAsyncIterator()
      for _ in 0..<3 {
        kill(getpid(), SIGHUP)
        await reloads.next()
      }
      tasks.cancelAll()
    }
  }
}
