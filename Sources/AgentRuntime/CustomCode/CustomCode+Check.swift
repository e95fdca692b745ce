import AgentJSON

extension CustomCode {
  /// Every fault that can be found without running the code. Where nothing can run, the code is stored unchecked, with
  /// a warning: agents may be made on another machine than the one that runs them.
  func check(_ context: TemplateContext) async throws -> TemplateFindings {
    let plan = CodePlan(
      settings.codeSource, language, path: context.path, policy: context.supply?.policy ?? CodeSupplyPolicy())
    var findings = TemplateFindings(faults: plan.faults)
    guard let sandbox = context.sandbox else {
      return findings.warning(Self.unchecked("this runtime has no sandbox"))
    }
    let status = sandbox.status
    if let reason = status.refusal(of: language) { return findings.warning(Self.unchecked(reason)) }
    if let message = versionFault(status) {
      let versionPath = context.path + [.key("runtime"), .key("version")]
      findings.faults.append(Fault(path: versionPath, message: message, type: "not_allowed"))
      return findings
    }
    do {
      findings.faults += try await checkInline(sandbox, context)
      guard plan.faults.isEmpty, let supply = context.supply,
        let request = plan.request(interpreter: interpreter(status))
      else { return findings }
      guard context.mayFetch else { return findings.warning(Self.unfetched) }
      findings.faults += try await checkSupplied(plan, request, supply, sandbox, context)
      return findings
    } catch let error as SandboxUnavailable {
      return findings.warning(Self.unchecked(error.message))
    } catch let error as CodeSupplyUnavailable {
      throw RuntimeError(describing: error)
    }
  }

  private func checkInline(_ sandbox: any Sandbox, _ context: TemplateContext) async throws -> [Fault] {
    guard settings.codeSource.type == .inline else { return [] }
    let faults = try await sandbox.check(program(settings.codeSource.content))
    return faults.map { $0.fault(at: Self.contentPath(context)) }
  }

  /// Gets what the code is made of, and looks at it where it is not the settings' own.
  private func checkSupplied(
    _ plan: CodePlan, _ request: CodeLayerRequest, _ supply: any CodeSupply, _ sandbox: any Sandbox,
    _ context: TemplateContext
  ) async throws -> [Fault] {
    do {
      let layer = try await supply.layer(request)
      if let package = plan.package {
        let problem = try await probe(package, layer, sandbox)
        return problem.map { [SandboxFault(message: $0).fault(at: Self.contentPath(context))] } ?? []
      }
      guard plan.reference != nil else { return [] }
      let source = try await supply.source(plan.file, in: layer)
      let faults = try await sandbox.check(program(source, layer: layer))
      return faults.map { $0.fault(at: Self.contentPath(context), in: plan.file) }
    } catch let error as CodeRefused {
      return error.reasons.map(plan.fault)
    }
  }

  private static func contentPath(_ context: TemplateContext) -> [Fault.Step] {
    context.path + [.key("codeSource"), .key("content")]
  }

  /// What is wrong with the version that is asked for; nil where it is installed.
  func versionFault(_ status: SandboxStatus) -> String? {
    let (wanted, versions) = (settings.runtime.version, status.languages[language]?.versions ?? [])
    guard !wanted.isEmpty, !versions.contains(where: { Self.isVersion($0, of: wanted) }) else { return nil }
    let known = versions.isEmpty ? "none" : versions.joined(separator: ", ")
    return "'\(wanted.excerpt)' is no version of \(language.rawValue) that is installed; there are: \(known)"
  }

  private static let unfetched =
    "template_config.codeSource: packages and repositories are got and looked at when the agent is made"

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
  fileprivate func fault(at path: [Fault.Step], in file: String? = nil) -> Fault {
    let place = [file?.excerpt, SandboxPlace.text(line: line, column: column)].compactMap { $0 }
    let words = (place.isEmpty ? "" : place.joined(separator: ", ") + ": ") + String(message.prefix(1000))
    var fault = Fault(path: path, message: words, type: "invalid_code")
    (fault.line, fault.column) = (line, column)
    return fault
  }
}
