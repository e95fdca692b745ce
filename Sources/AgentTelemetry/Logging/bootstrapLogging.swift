public import Logging

/// Sets the process's logging up; to be called once, before the first logger is made. Returns where the lines go.
///
/// Lines go to standard error: standard output belongs to what a command prints. `secrets` appear as `***`.
@discardableResult
public func bootstrapLogging(
  level: Logger.Level, format: LogFormat, secrets: some Sequence<String>, output: LogOutput = LogOutput()
) -> LogOutput {
  let redaction = LogRedaction(secrets: secrets)
  LoggingSystem.bootstrap(
    { label, provider in
      LineLogHandler(
        label: label, level: level, format: format, redaction: redaction, output: output, metadataProvider: provider)
    }, metadataProvider: nil)
  return output
}
