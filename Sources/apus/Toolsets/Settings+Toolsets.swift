import AgentHTTP
import AgentJSON
import AgentLLM
import AgentMCP
import AgentRuntime
import AgentTools
import FoundationEssentials
import Logging

extension Settings {
  /// The toolsets of TOOLSETS_FILE, and `code_interpreter` where the file does not say what that is. Throws
  /// `ConfigurationFileError` with all its faults.
  func toolsets(_ code: CodeExecution, over transport: HTTPTransport, logger: Logger) throws -> [Toolset] {
    let own = code.interpreter.map { [$0.toolset] } ?? []
    guard let toolsetsFile else { return own }
    let file = try YAMLFile.read(toolsetsFile)
    var reader = ToolsetsFile { kind, name, reader in
      switch kind {
      case .builtin: Self.builtin(&reader, transport)
      case .codeInterpreter: Self.interpreter(&reader, code)
      case .mcp:
        MCPServerConfiguration(name: name, &reader, environment: ProcessInfo.processInfo.environment)
          .map { MCPToolSource($0, transport: transport, log: logger) }
      }
    }
    let toolsets = reader.toolsets(file.value)
    guard reader.faults.isEmpty else { throw file.error(reader.faults) }
    return toolsets + own.filter { set in !toolsets.contains { $0.name == set.name } }
  }

  private static func interpreter(_ reader: inout ObjectReader, _ code: CodeExecution) -> (any ToolSource)? {
    let (settings, faults) = CodeInterpreterSettings.decode(reader.object, path: reader.path)
    reader.add(faults)
    guard let interpreter = code.interpreter else {
      reader.faultHere("code cannot be run: \(code.refusal ?? "there is no sandbox")", "not_allowed")
      return nil
    }
    return settings.map(interpreter.with)
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
    of model: RoutedChatModel, _ toolsets: ToolsetCatalog, _ code: CodeExecution, over transport: HTTPTransport,
    logger: Logger
  ) -> [ReloadSignal.Reload] {
    var reloads: [ReloadSignal.Reload] = []
    if modelsFile != nil {
      reloads.append(.init(name: "MODELS_FILE") { try model.replace(modelRoutes()) })
    }
    if toolsetsFile != nil {
      reloads.append(
        .init(name: "TOOLSETS_FILE") { toolsets.replace(try self.toolsets(code, over: transport, logger: logger)) })
    }
    return reloads
  }
}
