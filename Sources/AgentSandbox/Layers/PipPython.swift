import AgentJSON
import AgentRuntime
import Subprocess

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// A Python of the host that has pip: its packages are for its own version of the language.
struct PipPython: Sendable, Hashable {
  /// Its own idea of where it is.
  var executable: String
  /// Such as `3.11.2`.
  var version: String
  /// What pip calls itself.
  var pip: String
  /// Directories that it needs beside the system's.
  var folders: [String]

  private static let answerMax = 64 << 10
  private static let patience = Duration.seconds(20)
  /// What every program has where code is got.
  private static let systemFolders = ["/bin", "/lib", "/lib32", "/lib64", "/sbin", "/usr"]

  private static let question = """
    import json, os, platform, sys, sysconfig
    try:
        import pip
    except ImportError:
        pip = None
    folders = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    folders |= {os.path.dirname(os.path.realpath(sys.executable))}
    if pip:
        folders |= {os.path.dirname(os.path.dirname(os.path.realpath(pip.__file__)))}
    print(json.dumps({
        "executable": sys.executable, "version": platform.python_version(),
        "pip": pip and pip.__version__, "folders": sorted(folders)}))
    """

  /// The first of `pythons` that has pip and is of the language's version `minor`, such as `3.11`. Throws
  /// `CodeSupplyUnavailable` with what each of them lacks.
  static func find(_ pythons: [String], minor: String) async throws -> PipPython {
    var problems: [String] = []
    for path in pythons {
      do {
        let found = try await ask(path)
        if found.version.hasPrefix(minor + ".") { return found }
        problems.append("\(path) is Python \(found.version), and the code runs on \(minor)")
      } catch let problem as CodeSupplyUnavailable {
        problems.append(problem.message)
      }
    }
    if problems.isEmpty { problems = ["there is no Python"] }
    throw CodeSupplyUnavailable(
      "packages cannot be installed: \(problems.joined(separator: "; ")). Install python3-pip, or name the Python of "
        + "a virtual environment in CODE_PIP")
  }

  /// Asks a Python what it is. Throws `CodeSupplyUnavailable` where it cannot be used, or `CancellationError`.
  static func ask(_ path: String) async throws -> PipPython {
    let answer = try await answer(of: path)
    let object = (try? JSONValue(parsing: answer))?.objectValue ?? [:]
    guard let executable = object["executable"]?.stringValue, let version = object["version"]?.stringValue else {
      throw CodeSupplyUnavailable("\(path) does not say which Python it is")
    }
    guard let pip = object["pip"]?.stringValue else { throw CodeSupplyUnavailable("\(path) has no pip") }
    let folders = object["folders"]?.arrayValue?.compactMap(\.stringValue) ?? []
    return PipPython(executable: executable, version: version, pip: pip, folders: needed(folders))
  }

  /// Those that no other one contains, and the system's left out.
  static func needed(_ folders: [String]) -> [String] {
    var needed: [String] = []
    for folder in folders.sorted() where folder.hasPrefix("/") && folder != "/" {
      let isKnown = (systemFolders + needed).contains { folder == $0 || folder.hasPrefix($0 + "/") }
      if !isKnown { needed.append(folder) }
    }
    return needed
  }

  private static func answer(of path: String) async throws -> [UInt8] {
    try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      group.addTask {
        do {
          let result = try await Subprocess.run(
            .path(FilePath(path)), arguments: ["-I", "-B", "-c", question],
            environment: .custom(["LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"]), input: .none,
            output: .bytes(limit: answerMax),
            error: .discarded)
          return result.standardOutput
        } catch let error as SubprocessError {
          try Task.checkCancellation()
          throw CodeSupplyUnavailable("\(path) cannot be run: \(error)")
        }
      }
      group.addTask {
        try await Task.sleep(for: patience)
        return nil
      }
      defer { group.cancelAll() }
      guard let answer = try await group.next() ?? nil else {
        throw CodeSupplyUnavailable("\(path) does not say what it is")
      }
      return answer
    }
  }
}
