import ArgumentParser
import FoundationEssentials

extension Settings {
  /// The settings of this process; where they are faulty, one line on standard error and exit code 78.
  static func ofProcess() throws(ExitCode) -> Settings {
    do {
      return try load(environment: ProcessInfo.processInfo.environment, dotenv: try dotenvOfProcess())
    } catch {
      StandardStreams.writeError("apus: \(error)\n")
      throw ExitCode(SettingsError.exitCode)
    }
  }

  /// The text of `.env` in the working directory; nil where there is none. Throws where it cannot be read.
  static func dotenvOfProcess() throws(SettingsError) -> String? {
    guard FileManager.default.fileExists(atPath: ".env") else { return nil }
    do {
      return try String(contentsOfFile: ".env", encoding: .utf8)
    } catch {
      let fault = SettingFault(name: ".env", problem: "cannot be read", allowed: "a UTF-8 file that this user may read")
      throw SettingsError(faults: [fault])
    }
  }
}
