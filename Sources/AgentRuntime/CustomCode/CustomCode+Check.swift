import AgentJSON

extension CustomCode {
  /// Every fault that can be found without running the code. Where nothing can run, the code is stored unchecked, with
  /// a warning: agents may be made on another machine than the one that runs them.
  func check(path: [Fault.Step], sandbox: (any Sandbox)?) async throws -> TemplateFindings {
    var findings = TemplateFindings(faults: refusals(path: path))
    guard let sandbox else { return findings.warning(Self.unchecked("this runtime has no sandbox")) }
    let status = sandbox.status
    if let reason = status.refusal(of: language) { return findings.warning(Self.unchecked(reason)) }
    let versionPath = path + [.key("runtime"), .key("version")]
    if let message = versionFault(status) {
      findings.faults.append(Fault(path: versionPath, message: message, type: "not_allowed"))
      return findings
    }
    guard settings.codeSource.type == .inline else { return findings }
    do {
      let contentPath = path + [.key("codeSource"), .key("content")]
      findings.faults += try await sandbox.check(program).map { $0.fault(at: contentPath) }
      return findings
    } catch let error as SandboxUnavailable {
      return findings.warning(Self.unchecked(error.message))
    }
  }

  /// What this runtime does not take, and the setting that would change that.
  func refusals(path: [Fault.Step]) -> [Fault] {
    let source = settings.codeSource
    func fault(_ field: String, _ message: String) -> Fault {
      Fault(path: path + [.key("codeSource"), .key(field)], message: message, type: "not_allowed")
    }
    var faults: [Fault] = []
    switch source.type {
    case .inline: break
    case .package:
      faults.append(fault("type", "'package' is off: CODE_PACKAGE_INDEX names no index that packages may come from"))
    case .repository:
      faults.append(fault("type", "'repository' is off: CODE_REPOSITORY_HOSTS names no host that code may come from"))
    }
    if !source.dependencies.isEmpty {
      let message = "dependencies are off: CODE_PACKAGE_INDEX names no index that packages may come from; allowed is []"
      faults.append(fault("dependencies", message))
    }
    return faults
  }

  /// What is wrong with the version that is asked for; nil where it is installed.
  func versionFault(_ status: SandboxStatus) -> String? {
    let (wanted, versions) = (settings.runtime.version, status.languages[language]?.versions ?? [])
    guard !wanted.isEmpty, !versions.contains(where: { $0 == wanted || $0.hasPrefix(wanted + ".") }) else { return nil }
    let known = versions.isEmpty ? "none" : versions.joined(separator: ", ")
    return "'\(wanted.excerpt)' is no version of \(language.rawValue) that is installed; there are: \(known)"
  }

  private static func unchecked(_ reason: String) -> String {
    "template_config.codeSource.content was not checked, and cannot run here: \(reason)"
  }
}

extension TemplateFindings {
  fileprivate func warning(_ text: String) -> TemplateFindings {
    TemplateFindings(faults: faults, warnings: warnings + [text])
  }
}

extension SandboxFault {
  fileprivate func fault(at path: [Fault.Step]) -> Fault {
    let place = SandboxPlace.text(line: line, column: column)
    var fault = Fault(
      path: path, message: (place.map { "\($0): " } ?? "") + String(message.prefix(1000)), type: "invalid_code")
    (fault.line, fault.column) = (line, column)
    return fault
  }
}
