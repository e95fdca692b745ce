/// A message of a conversation: a value with an id, by which updates replace and remove it.
public protocol IdentifiedMessage: Sendable {
  /// Names the message within its list; empty until it was given an id.
  var id: String { get set }
}

/// A change to a `MessageList` (G6).
public enum MessageOperation<Message: IdentifiedMessage>: Sendable {
  /// Puts the message in the place of the one that has its id; if there is none, at the end.
  case put(Message)
  /// Removes the message that has this id. If there is none, that is an error.
  case remove(id: String)
  /// Removes all messages, and what the same batch says before this.
  case removeAll
}

extension MessageOperation: Equatable where Message: Equatable {}
extension MessageOperation: Hashable where Message: Hashable {}

extension Array {
  /// Gives the messages that are put and have no id one each, by the generator.
  public mutating func assignMissingIDs<Message>(_ makeID: () -> String) where Element == MessageOperation<Message> {
    for index in indices {
      guard case .put(var message) = self[index], message.id.isEmpty else { continue }
      message.id = makeID()
      self[index] = .put(message)
    }
  }
}

private enum OperationKey: String, CodingKey {
  case put
  case remove
  case removeAll
}

extension MessageOperation: Encodable where Message: Encodable {
  /// As `{"put": message}`, `{"remove": id}` or `{"removeAll": true}`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: OperationKey.self)
    switch self {
    case .put(let message): try container.encode(message, forKey: .put)
    case .remove(let id): try container.encode(id, forKey: .remove)
    case .removeAll: try container.encode(true, forKey: .removeAll)
    }
  }
}

extension MessageOperation: Decodable where Message: Decodable {
  /// From the form that `encode` writes.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: OperationKey.self)
    switch container.allKeys {
    case [.put]: self = .put(try container.decode(Message.self, forKey: .put))
    case [.remove]: self = .remove(id: try container.decode(String.self, forKey: .remove))
    case [.removeAll] where try container.decode(Bool.self, forKey: .removeAll): self = .removeAll
    default:
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath,
          debugDescription: "a message operation has exactly one member: put, remove, or removeAll, which is true"))
    }
  }
}
