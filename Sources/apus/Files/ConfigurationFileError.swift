/// All that is wrong with a configuration file; never empty.
struct ConfigurationFileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One thing that is wrong.
  struct Problem: Sendable, Hashable {
    /// From 1; nil where it is about the file as a whole.
    var line: Int?
    /// From 1, in Unicode scalars; only where the YAML itself is broken.
    var column: Int?
    /// Where the value stands, such as `models.main.upstreams[0].url`; empty for the file itself.
    var path = ""
    /// What is wrong, and what is allowed.
    var message: String
  }

  /// More than these are not told.
  static let problemsMax = 100

  /// The file, as the setting names it.
  let file: String
  /// What is wrong, in the order of the lines.
  let problems: [Problem]

  /// Sorts the problems by where they stand, and cuts a long list.
  init(file: String, problems: [Problem]) {
    self.file = file
    let sorted = problems.enumerated().sorted { left, right in
      (left.element.line ?? 0, left.offset) < (right.element.line ?? 0, right.offset)
    }
    self.problems = sorted.prefix(Self.problemsMax).map(\.element)
  }

  /// A line for each problem: `models.yaml:12: models.main.url: "x" is not an http(s) URL`.
  var description: String { lines.joined(separator: "\n") }

  /// The problems as people and editors read them, without line breaks or what a terminal might obey.
  var lines: [String] {
    problems.map { problem in
      let place = [problem.line, problem.column].compactMap { $0 }.map { ":\($0)" }.joined()
      let path = problem.path.isEmpty ? "" : " \(problem.path):"
      let text = "\(file)\(place):\(path) \(problem.message)"
      return text.unicodeScalars.map { $0.isControl ? $0.escaped(asASCII: true) : String($0) }.joined()
    }
  }
}
