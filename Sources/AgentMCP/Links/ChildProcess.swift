import AgentJSON
import Logging
import Subprocess

#if canImport(System)
  import System
#else
  import SystemPackage
#endif

/// Runs an MCP server as a child process for as long as `body` works with it; the one place that knows Subprocess.
struct ChildProcess: Sendable {
  let command: MCPServerConfiguration.Command
  let log: Logger

  /// How long a child may take to end by itself when asked to.
  private static let graceMax = Duration.seconds(2)
  private static let stderrLineMax = 4096

  /// Starts the child. Throws `MCPFailure`, or what `body` throws; the child and what it started are gone by then.
  func run(
    events: AsyncStream<MCPEvent>.Continuation, _ body: @escaping @Sendable (any MCPLink) async throws -> Void
  ) async throws {
    let (lines, outgoing) = AsyncStream.makeStream(
      of: [UInt8].self, bufferingPolicy: .bufferingOldest(MCPLimits.outgoingMax))
    let link = StdioLink(outgoing: outgoing, events: events)
    // A session of its own, so that what the child starts ends with it.
    let teardown = [TeardownStep.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Self.graceMax)]
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = teardown
    let failure: any Error
    do {
      let result = try await Subprocess.run(
        executable, arguments: Arguments(command.arguments), environment: environment,
        workingDirectory: command.directory.map { FilePath($0) }, platformOptions: options,
        input: .inputWriter, output: .sequence, error: .sequence
      ) { child in
        let error = await serve(child, link, lines, body)
        link.close(.broken("the child process ended"))
        outgoing.finish()
        await child.teardown(using: teardown)
        return error
      }
      failure = result.closureResult ?? MCPFailure.broken("the child process ended: \(result.terminationStatus)")
    } catch let error as SubprocessError {
      failure = MCPFailure.broken("\(command.path) cannot be run: \(error)")
    }
    throw failure
  }

  /// Passes bytes both ways until the child closes its output or `body` ends; why it ended, nil for the child's end.
  private func serve(
    _ child: Execution<CustomWriteInput, SequenceOutput, SequenceOutput>, _ link: StdioLink,
    _ lines: AsyncStream<[UInt8]>, _ body: @escaping @Sendable (any MCPLink) async throws -> Void
  ) async -> (any Error)? {
    await withTaskGroup(of: End.self) { group in
      group.addTask {
        do { try await body(link) } catch { return .because(error) }
        return .because(nil)
      }
      group.addTask {
        var splitter = LineSplitter(lineMax: MCPLimits.messageMax)
        do {
          for try await buffer in child.standardOutput { try splitter.feed(buffer.bytes) { link.take($0) } }
        } catch { return .because(error) }
        return .because(nil)
      }
      group.addTask { await write(lines, to: child) }
      group.addTask {
        await logStandardError(child)
        return .quiet
      }
      var reason: (any Error)?
      while let end = await group.next() {
        guard case .because(let error) = end else { continue }
        reason = error
        break
      }
      link.close(.broken("the child process ended"))
      group.cancelAll()
      // What still reads ends with the child.
      await child.teardown(using: [
        .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: Self.graceMax)
      ])
      return reason
    }
  }

  private func write(
    _ lines: AsyncStream<[UInt8]>, to child: Execution<CustomWriteInput, SequenceOutput, SequenceOutput>
  ) async -> End {
    do {
      for await line in lines { _ = try await child.standardInputWriter.write(line) }
      return .because(nil)
    } catch {
      return .because(MCPFailure.broken("the child process closed its input"))
    }
  }

  private enum End: Sendable {
    case because((any Error)?)
    case quiet
  }

  private func logStandardError(_ child: Execution<CustomWriteInput, SequenceOutput, SequenceOutput>) async {
    do {
      for try await buffer in child.standardError {
        let text = unsafe buffer.withUnsafeBytes {
          unsafe String(decoding: $0.prefix(Self.stderrLineMax), as: UTF8.self)
        }
        log.debug("MCP server's stderr", metadata: ["text": "\(text)"])
      }
    } catch {
      log.debug("MCP server's stderr ended", metadata: ["error": "\(error)"])
    }
  }

  private var executable: Executable {
    command.path.contains("/") ? .path(FilePath(command.path)) : .name(command.path)
  }

  /// As bytes: the values are told to nobody but the child.
  private var environment: Environment {
    .custom(command.environment.map { name, value in Array("\(name)=\(value)\0".utf8) })
  }
}
