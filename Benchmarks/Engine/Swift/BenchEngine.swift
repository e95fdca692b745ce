import AgentGraph
import AgentJSON
import Foundation

/// Apus's side of the engine benchmark: one case in this process, one JSON line on standard output.
///
/// usage: bench-engine CASE --folder FOLDER [--durability async|exit|sync] [--runs N]
///   [--reading closure|sequence|none] [--main-actor]
@main
struct BenchEngine {
  var name = ""
  var durability = Durability.async
  var reading = Reading.closure
  var runs = 9
  var folder = URL(filePath: ".")
  var isOnMainActor = false

  static func main() async {
    do {
      let bench = try BenchEngine(Array(CommandLine.arguments.dropFirst()))
      let figures = bench.isOnMainActor ? try await bench.figuresOnMainActor() : try await bench.figures()
      var line: JSONObject = ["case": .string(bench.name), "durability": .string(bench.durability.rawValue)]
      for (key, value) in figures { line[key] = value }
      line["peak_rss_mb"] = peakMegabytes()
      print(JSONValue.object(line).encodedText)
    } catch {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      exit(1)
    }
  }

  private init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        name = argument
        continue
      }
      if argument == "--main-actor" {
        isOnMainActor = true
        continue
      }
      guard let value = rest.popFirst(), set(argument, value) else {
        throw BenchFailure("\(argument) is unknown, or its value is; the head of BenchEngine.swift lists what there is")
      }
    }
  }

  /// Takes an option's value; returns whether both are known.
  private mutating func set(_ option: String, _ value: String) -> Bool {
    switch option {
    case "--folder": folder = URL(filePath: value)
    case "--durability":
      guard let known = Durability(rawValue: value) else { return false }
      durability = known
    case "--reading":
      guard let known = Reading(rawValue: value) else { return false }
      reading = known
    case "--runs":
      guard let number = Int(value), number > 0 else { return false }
      runs = number
    default: return false
    }
    return true
  }

  /// Calls the graph from the main actor, as a program with a user interface does.
  @MainActor
  private func figuresOnMainActor() async throws -> JSONObject { try await figures() }

  private func figures() async throws -> JSONObject {
    if name == StorageTask.name { return try await StorageTask(durability: durability, folder: folder).figures() }
    let parts = name.split(separator: "+", maxSplits: 1).map(String.init)
    guard let first = parts.first, let task = Tasks.named(first),
      let store = BenchStore(rawValue: parts.count == 2 ? parts[1] : "")
    else {
      throw BenchFailure("there is no case \"\(name)\": \(Tasks.names) alone, +memory and +sqlite, \(StorageTask.name)")
    }
    return try await measure(task, store)
  }

  private func measure(_ task: some BenchTask, _ store: BenchStore) async throws -> JSONObject {
    try await TaskMeasurement(
      task: task, store: store, durability: durability, reading: reading, runs: runs, folder: folder
    ).figures()
  }
}
