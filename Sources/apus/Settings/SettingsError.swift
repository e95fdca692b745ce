/// One thing that is wrong with a setting; a secret's value is never part of it.
struct SettingFault: Sendable, Hashable, CustomStringConvertible {
  /// The variable, or the file and line.
  let name: String
  /// What is wrong with the value, such as `"abc" is not a whole number`.
  let problem: String
  /// What would be right, such as `a number from 0 to 65535`.
  let allowed: String

  /// All of it, without a line break.
  var description: String { "\(name) \(problem) (allowed: \(allowed))" }
}

/// All that is wrong with the settings; never empty.
struct SettingsError: Error, CustomStringConvertible {
  /// What `sysexits.h` calls EX_CONFIG.
  static let exitCode: Int32 = 78

  /// The faults, in the order of the settings.
  let faults: [SettingFault]

  /// One line, however many faults there are.
  var description: String { faults.map(\.description).joined(separator: "; ") }
}
