import FoundationEssentials

extension YAMLFile {
  /// Reads a file. Throws why it cannot be read, or all that is wrong with it as YAML.
  static func read(_ path: String) throws(ConfigurationFileError) -> YAMLFile {
    guard let text = String(validating: try bytes(of: path), as: UTF8.self) else {
      throw ConfigurationFileError(file: path, problems: [.init(message: "is not UTF-8 text")])
    }
    return try YAMLFile(name: path, text: text.hasPrefix("\u{FEFF}") ? String(text.unicodeScalars.dropFirst()) : text)
  }

  private static func bytes(of path: String) throws(ConfigurationFileError) -> Data {
    // A mounted ConfigMap is a link to a link; and a pipe is not opened, for it may never end.
    let file = URL(filePath: path).resolvingSymlinksInPath().path
    let problem: String
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: file)
      let size = (attributes[.size] as? UInt64) ?? 0
      if attributes[.type] as? FileAttributeType != .typeRegular {
        problem = "is not a regular file"
      } else if size > UInt64(bytesMax) {
        problem = "has \(size) bytes; up to \(bytesMax) are allowed"
      } else {
        let data = try Data(contentsOf: URL(filePath: file))
        // It may have grown since.
        if data.count <= bytesMax { return data }
        problem = "has \(data.count) bytes; up to \(bytesMax) are allowed"
      }
    } catch let error as CocoaError {
      problem = error.code == .fileReadNoSuchFile || error.code == .fileNoSuchFile ? "does not exist" : "cannot be read"
    } catch {
      problem = "cannot be read: \(error)"
    }
    throw ConfigurationFileError(file: path, problems: [.init(message: problem)])
  }
}
