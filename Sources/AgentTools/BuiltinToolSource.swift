public import AgentHTTP
public import AgentRuntime
public import FoundationEssentials

/// The built-in tools that a configuration chose; always reachable.
public struct BuiltinToolSource: ToolSource {
  private let offered: [any Tool]

  /// Makes a source. `http_fetch` goes over `transport`, on connections of its own; the resolver, the clock and the
  /// time of day are parameters for tests.
  ///
  /// Throws a `ToolError` if `http_fetch` is chosen without settings.
  public init(
    _ settings: BuiltinToolSettings, transport: HTTPTransport, resolver: any HostResolver = SystemResolver(),
    clock: any Clock<Duration> = ContinuousClock(), now: @escaping @Sendable () -> Date = { Date() }
  ) throws {
    offered = try settings.tools.map { tool in
      switch tool {
      case .currentTime: return CurrentTimeTool(now: now)
      case .calculator: return CalculatorTool()
      case .httpFetch:
        guard let fetch = settings.fetch, !fetch.allow.isEmpty else {
          throw ToolError("http_fetch needs a list of allowed hosts")
        }
        return FetchTool(
          fetcher: Fetcher(settings: fetch, resolver: resolver, transport: transport, clock: clock))
      }
    }
  }

  /// The chosen tools, in their order.
  public func tools() async throws -> [any Tool] { offered }

  /// Reachable, with the number of tools.
  public var health: ToolSourceHealth { ToolSourceHealth(isReachable: true, toolCount: offered.count) }

  /// Has nothing to keep up.
  public func run() async {}
}
