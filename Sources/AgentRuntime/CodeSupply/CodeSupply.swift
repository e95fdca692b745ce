/// Gets what user code is made of beside its own text: packages of an index, and commits of repositories.
public protocol CodeSupply: Sendable {
  /// What may be asked for; it costs nothing to know.
  var policy: CodeSupplyPolicy { get }

  /// Installs what is asked for, or finds it installed. It stays while the layer that is returned lives.
  ///
  /// Throws `CodeRefused` where it cannot be had, `CodeSupplyUnavailable` where it cannot be had now, or
  /// `CancellationError`.
  func layer(_ request: CodeLayerRequest) async throws -> SandboxLayer

  /// The text of a file in a layer, of up to `CodeRepository.sourceBytesMax` bytes. Throws as `layer` does.
  func source(_ file: String, in layer: SandboxLayer) async throws -> String
}

/// What a layer holds. Equal requests have one layer between them.
public struct CodeLayerRequest: Sendable, Hashable {
  /// What will import from it.
  public let language: SandboxLanguage
  /// The interpreter's version, such as `3.11.2`.
  public let interpreter: String
  /// Packages, sorted; what they need comes with them.
  public let requirements: [CodeRequirement]
  /// A repository's files; they stand before the packages.
  public let repository: CodeRepository?

  /// Makes a request.
  public init(
    language: SandboxLanguage, interpreter: String, requirements: [CodeRequirement], repository: CodeRepository? = nil
  ) {
    self.language = language
    self.interpreter = interpreter
    self.requirements = Set(requirements).sorted { $0.description < $1.description }
    self.repository = repository
  }
}

/// Why a layer cannot be had: about what was asked for, and so for its author.
public struct CodeRefused: Error, Sendable, Hashable, CustomStringConvertible {
  /// One reason.
  public struct Reason: Sendable, Hashable {
    /// What it is about.
    public enum Subject: Sendable, Hashable {
      /// One of the packages.
      case requirement(CodeRequirement)
      /// The repository, or the file in it.
      case repository
      /// All of it together.
      case whole
    }

    /// What it is about.
    public var subject: Subject
    /// A stable snake_case name, such as `not_found` or `too_large`.
    public var type: String
    /// What is wrong, and what is allowed. It holds no secret.
    public var message: String

    /// Makes a reason.
    public init(_ subject: Subject, type: String, _ message: String) {
      self.subject = subject
      self.type = type
      self.message = message
    }
  }

  /// All that were found.
  public var reasons: [Reason]

  /// Makes the error.
  public init(_ reasons: [Reason]) { self.reasons = reasons }

  /// The messages.
  public var description: String { reasons.map(\.message).joined(separator: "; ") }
}

/// A layer cannot be had now: why, and what to change. The message holds no secret and may go to the caller.
public struct CodeSupplyUnavailable: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong, and what to do about it.
  public var message: String

  /// Makes the error.
  public init(_ message: String) { self.message = message }

  /// The message.
  public var description: String { message }
}
