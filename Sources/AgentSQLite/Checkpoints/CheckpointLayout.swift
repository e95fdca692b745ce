import AgentGraph

/// What all checkpoints of a graph have in common, stored once.
struct CheckpointLayout: Sendable, Hashable {
  var graph: String
  var channels: [ChannelImage]

  init(graph: String, channels: [ChannelImage]) {
    self.graph = graph
    self.channels = channels
  }

  /// Reads `body`. Throws `DamagedRow`.
  init(body: [UInt8]) throws {
    var reader = RowReader(body)
    graph = try reader.text()
    channels = try reader.list { ChannelImage(name: try $0.text(), isList: try $0.number() == 1) }
    guard reader.isAtEnd else { throw DamagedRow() }
  }

  var body: [UInt8] {
    var writer = RowWriter()
    writer.add(graph)
    writer.add(channels.count)
    for channel in channels {
      writer.add(channel.name)
      writer.add(channel.isList ? 1 : 0)
    }
    return writer.bytes
  }
}
