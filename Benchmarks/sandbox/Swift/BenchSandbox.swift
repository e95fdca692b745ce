import AgentJSON
import AgentSandbox
import Foundation
import Logging

/// The sandbox benchmark at the `Sandbox` contract: reads one case a line from standard input, and answers each with one
/// line of figures. The first line that it prints tells of the sandbox, as soon as its pool is full.
///
/// usage: bench-sandbox --supervisor PATH --python PATH --deno PATH [--python-idle N] [--deno-idle N]
@main
struct BenchSandbox {
  static func main() async {
    do {
      let sandbox = SupervisedSandbox(try configuration(CommandLine.arguments.dropFirst()), logger: logger)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await sandbox.run() }
        defer { group.cancelAll() }
        try await serve(BenchTarget(sandbox))
      }
    } catch {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      exit(1)
    }
  }

  /// Reading blocks its thread, but only between the cases.
  private static func serve(_ target: BenchTarget) async throws {
    tell(try await target.described())
    while let line = readLine() {
      let task = try BenchCase(try JSONValue(parsing: line))
      try await target.waitUntilFull()
      tell(try await task.figures(on: target.sandbox))
    }
  }

  private static func tell(_ object: JSONObject) {
    FileHandle.standardOutput.write(Data((JSONValue.object(object).encodedText + "\n").utf8))
  }

  private static var logger: Logger {
    var logger = Logger(label: "bench-sandbox") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .error
    return logger
  }

  private static func configuration(_ arguments: ArraySlice<String>) throws -> SandboxConfiguration {
    var configuration = SandboxConfiguration(supervisorPath: "")
    var rest = arguments
    while let option = rest.popFirst() {
      let value = rest.popFirst()
      let number = value.flatMap { Int($0) }
      switch (option, value, number) {
      case ("--supervisor", let path?, _): configuration.supervisorPath = path
      case ("--python", let path?, _): configuration.pythonPaths.append(path)
      case ("--deno", let path?, _): configuration.denoPath = path
      case ("--python-idle", _, let count?): configuration.pythonPool = count
      case ("--deno-idle", _, let count?): configuration.denoPool = count
      default:
        throw BenchFailure("\(option) is unknown, or its value is; the head of BenchSandbox.swift lists what there is")
      }
    }
    return configuration
  }
}

/// A run that did not do what it must; its figures do not count.
struct BenchFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
