import AgentGraph
import AgentJSON
import Foundation
import Testing

@Suite("Lists: coding")
struct ListCodingTests {
  private struct Holder: Codable, Equatable {
    var list: SharedList<[Int]>
    var notes: MessageList<Note>
  }

  @Test(arguments: [0, 1, 16, 17, 33, 1025])
  func asArrays(length: Int) throws {
    let holder = Holder(
      list: SharedList((0..<length).map { [$0, -$0] }),
      notes: MessageList((0..<length).map { Note("n\($0)", "text \($0)") }))
    let own = try JSONCoder.encode(holder)
    let foundation = try JSONEncoder().encode(holder)
    #expect(try JSONCoder.decode(Holder.self, from: own) == holder)
    #expect(try JSONCoder.decode(Holder.self, from: Array(foundation)) == holder)
    #expect(try JSONDecoder().decode(Holder.self, from: Data(own)) == holder)
    #expect(try JSONDecoder().decode(Holder.self, from: foundation) == holder)
    #expect(try JSONCoder.encode(SharedList(0..<length)) == JSONCoder.encode(Array(0..<length)))
    #expect(try JSONDecoder().decode([Note].self, from: JSONEncoder().encode(holder.notes)) == Array(holder.notes))
  }

  @Test func decodedMessagesAreFoundAndUnique() throws {
    let json = #"[{"id":"a","text":"1"},{"id":"b","text":"2"},{"id":"a","text":"3"}]"#
    let list = try JSONCoder.decode(MessageList<Note>.self, from: json)
    #expect(list == [Note("a", "3"), Note("b", "2")])
    #expect(list[id: "b"]?.text == "2" && list.index(ofID: "a") == 0 && list[id: "c"] == nil)
    #expect(try JSONDecoder().decode(MessageList<Note>.self, from: Data(json.utf8)) == list)
  }

  @Test func operations() throws {
    let operations: [MessageOperation<Note>] = [.put(Note("a", "x")), .remove(id: "a"), .removeAll]
    let text = #"[{"put":{"id":"a","text":"x"}},{"remove":"a"},{"removeAll":true}]"#
    #expect(String(decoding: try JSONCoder.encode(operations), as: UTF8.self) == text)
    #expect(try JSONCoder.decode([MessageOperation<Note>].self, from: text) == operations)
    let foundation = try JSONEncoder().encode(operations)
    #expect(try JSONDecoder().decode([MessageOperation<Note>].self, from: foundation) == operations)
  }

  @Test(arguments: [
    "{}", #"{"put":{"id":"a","text":""},"remove":"a"}"#, #"{"removeAll":false}"#, #"{"add":1}"#, #"{"remove":1}"#, "[]",
  ])
  func refusesOtherOperations(json: String) {
    #expect(throws: DecodingError.self) { try JSONCoder.decode(MessageOperation<Note>.self, from: json) }
  }

  @Test(arguments: ["{}", "1", #"["a"]"#, "null"])
  func refusesOtherLists(json: String) {
    #expect(throws: DecodingError.self) { try JSONCoder.decode(SharedList<Int>.self, from: json) }
    #expect(throws: DecodingError.self) { try JSONCoder.decode(MessageList<Note>.self, from: json) }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(SharedList<Int>.self, from: Data(json.utf8)) }
  }
}
