import AgentHTTP
import AgentJSON
import AgentLLM
import AgentMCP
import AgentRuntime
import AgentTools
import FoundationEssentials
import Logging

extension Settings {
  /// The toolsets of TOOLSETS_FILE; none without one. Throws `ConfigurationFileError` with all its faults.
  func toolsets(over transport: HTTPTransport, logger: Logger) throws -> [Toolset] {
    guard let toolsetsFile else { return [] }
    let file = try YAMLFile.read(toolsetsFile)
    var reader = ToolsetsFile { kind, name, reader in
      guard kind == "mcp" else { return Self.builtin(&reader, transport) }
      return MCPServerConfiguration(name: name, &reader, environment: ProcessInfo.processInfo.environment)
        .map { MCPToolSource($0, transport: transport, log: logger) }
    }
    let toolsets = reader.toolsets(file.value)
    guard reader.faults.isEmpty else { throw file.error(reader.faults) }
    return toolsets
  }

  private static func builtin(_ reader: inout ObjectReader, _ transport: HTTPTransport) -> (any ToolSource)? {
    let (settings, faults) = BuiltinToolSettings.decode(reader.object, path: reader.path)
    reader.add(faults)
    guard let settings else { return nil }
    do {
      return try BuiltinToolSource(settings, transport: transport)
    } catch {
      reader.faultHere("\(error)", "not_allowed")
      return nil
    }
  }

  /// What SIGHUP has read again.
  func reloads(
    of model: RoutedChatModel, _ toolsets: ToolsetCatalog, adding own: [Toolset], over transport: HTTPTransport,
    logger: Logger
  ) -> [ReloadSignal.Reload] {
    var reloads: [ReloadSignal.Reload] = []
    if modelsFile != nil {
      reloads.append(.init(name: "MODELS_FILE") { try model.replace(modelRoutes()) })
    }
    if toolsetsFile != nil {
      reloads.append(
        .init(name: "TOOLSETS_FILE") { toolsets.replace(try self.toolsets(over: transport, logger: logger) + own) })
    }
    return reloads
  }
}
