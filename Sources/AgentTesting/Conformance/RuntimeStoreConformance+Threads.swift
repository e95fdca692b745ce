import AgentJSON
import AgentRuntime

extension RuntimeStoreConformance {
  static let threadChecks: [Check] = [
    Check("an unknown thread is nil") { store in
      try await store.insert("a")
      try expect(try await store.thread(StoreSamples.key(), last: nil) == nil, "an unknown thread is there")
      try expect(try await store.thread(StoreSamples.key(agent: "b"), last: 3) == nil, "one of an unknown agent is")
    },
    Check("a first turn makes the thread") { store in
      try await store.insert("a")
      let turn = StoreSamples.turn(StoreSamples.key(), 3, user: "u")
      try await store.appendTurn(turn)
      let thread = try await store.storedThread(turn.key)
      try expectMessages(thread.messages, turn.messages, "the messages")
      try expectEqual(thread.messageCount, 2, "message count")
      try expectEqual(thread.key, turn.key, "the key")
      try expectEqual(thread.userID, "u", "the user")
      try expectTime(thread.createdAt, turn.time, "created_at")
      try expectTime(thread.updatedAt, turn.time, "updated_at")
    },
    Check("turns are kept in their order") { store in
      try await store.insert("a")
      try await store.appendTurns(StoreSamples.key(), 0..<40)
      let thread = try await store.storedThread(StoreSamples.key())
      try expectMessages(
        thread.messages, (0..<40).flatMap { StoreSamples.turn(StoreSamples.key(), $0).messages }, "the messages")
      try expectEqual(thread.messageCount, 80, "message count")
      try expectTime(thread.createdAt, StoreSamples.time(0), "created_at")
      try expectTime(thread.updatedAt, StoreSamples.time(39), "updated_at")
    },
    Check("the last messages of a thread are its last, oldest first") { store in
      try await store.insert("a")
      try await store.appendTurns(StoreSamples.key(), 0..<5)
      let all = try await store.storedThread(StoreSamples.key()).messages
      for last in [0, 1, 3, 9, 10, 11, 1_000_000, Int.max] {
        let thread = try await store.storedThread(StoreSamples.key(), last: last)
        try expectMessages(thread.messages, Array(all.suffix(last)), "the last \(last)")
        try expectEqual(thread.messageCount, 10, "message count with the last \(last)")
      }
    },
    Check("a replacing turn leaves only its own messages") { store in
      try await store.insert("a")
      try await store.appendTurns(StoreSamples.key(), 0..<5)
      let turn = StoreSamples.turn(StoreSamples.key(), 9, replaces: true)
      try await store.appendTurn(turn)
      let thread = try await store.storedThread(turn.key)
      try expectMessages(thread.messages, turn.messages, "the messages")
      try expectEqual(thread.messageCount, 2, "message count")
      try expectTime(thread.createdAt, StoreSamples.time(0), "created_at")
      try expectTime(thread.updatedAt, turn.time, "updated_at")
      try await store.appendTurns(StoreSamples.key(), 10..<11)
      try expectEqual(try await store.storedThread(turn.key).messages.last?.text, "answer 10", "the turn after it")
    },
    Check("a replacing turn can be a thread's first") { store in
      try await store.insert("a")
      try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), 1, replaces: true))
      try expectEqual(try await store.storedThread(StoreSamples.key()).messageCount, 2, "message count")
    },
    Check("a turn may hold no message or many") { store in
      try await store.insert("a")
      try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), messages: []))
      try expectEqual(try await store.storedThread(StoreSamples.key()).messageCount, 0, "after an empty turn")
      let many = (0..<500).map { Message(.user, "message \($0)") }
      try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), messages: many))
      try expectMessages(try await store.storedThread(StoreSamples.key()).messages, many, "500 messages")
    },
    Check("messages come back with every member, in its order") { store in
      try await store.insert("a")
      let message = Message(
        role: .assistant,
        json: [
          "unknown": ["deep": [1, 2.5, .null, true, ["x": .array([])]]], "role": "assistant", "content": .null,
          "tool_calls": [["id": "call_1", "type": "function", "function": ["name": "f", "arguments": "{\"a\": 1}"]]],
          "big": .integer(.max), "": "an empty key",
        ])
      let reply = Message(role: .tool, json: ["role": "tool", "tool_call_id": "call_1", "content": "[1]"])
      try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), messages: [message, reply]))
      try expectMessages(try await store.storedThread(StoreSamples.key()).messages, [message, reply], "the messages")
    },
    Check("texts keep every code point") { store in
      try await store.insert("a")
      let texts = [
        "", " ", "\u{0}", "a\u{0}b", "\u{1}\u{1F}\u{7F}\u{80}", "\"\\/", "\r\n", "e\u{301}\u{E9}", "👩‍👩‍👧‍👦🏳️‍🌈", "\u{FEFF}bom",
        "\u{2028}\u{2029}", "\u{FFFD}\u{FFFF}\u{10FFFF}", "مرحبا", "{\"role\":\"system\"}",
        "'; DROP TABLE messages; --",
      ]
      let messages = texts.map { Message(.user, $0) }
      try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), messages: messages))
      try expectMessages(try await store.storedThread(StoreSamples.key()).messages, messages, "the messages")
    },
    Check("huge messages are kept whole") { store in
      try await store.insert("a")
      let messages = [Message(.user, String(repeating: "界\u{0}x", count: 300_000)), Message(.assistant, "short")]
      try await store.appendTurn(StoreSamples.turn(StoreSamples.key(), messages: messages))
      try expectMessages(try await store.storedThread(StoreSamples.key()).messages, messages, "3 MB and a short one")
      try expectMessages(
        try await store.storedThread(StoreSamples.key(), last: 1).messages, [messages[1]], "the short one")
    },
    Check("sessions are told apart by agent and by their bytes") { store in
      try await store.insert("a")
      try await store.insert("b")
      let names = [
        "s", "S", "s ", "", "\u{E9}", "e\u{301}", "s\u{0}", "s\u{0}1", "s/1", "日本",
        String(repeating: "x", count: 9_000),
      ]
      let keys = names.flatMap { [StoreSamples.key($0, agent: "a"), StoreSamples.key($0, agent: "b")] }
      for (number, key) in keys.enumerated() { try await store.appendTurns(key, number..<(number + 1)) }
      for (number, key) in keys.enumerated() {
        let thread = try await store.storedThread(key)
        try expectMessages(
          thread.messages, StoreSamples.turn(key, number).messages, "session \(number / 2) of \(key.agentID)")
      }
    },
    Check("a deleted thread is gone and can begin anew") { store in
      try await store.insert("a")
      for session in ["s", "t"] { try await store.appendTurns(StoreSamples.key(session), 0..<3) }
      try expect(try await store.deleteThread(StoreSamples.key()), "the deletion says that there was none")
      try expect(try await store.thread(StoreSamples.key(), last: nil) == nil, "the thread is still there")
      try expect(try await store.deleteThread(StoreSamples.key()) == false, "a second one says that there was one")
      try expect(try await store.deleteThread(StoreSamples.key(agent: "b")) == false, "one of an unknown agent too")
      try expectEqual(try await store.storedThread(StoreSamples.key("t")).messageCount, 6, "the other thread")
      try await store.appendTurns(StoreSamples.key(), 8..<9)
      try expectEqual(try await store.storedThread(StoreSamples.key()).messageCount, 2, "the thread begun anew")
    },
    Check("a turn of an agent that is not stored is refused and leaves nothing") { store in
      let key = StoreSamples.key()
      try await expectError(.notFound, "a turn") { try await store.appendTurn(StoreSamples.turn(key)) }
      try await store.insert("a")
      try expect(try await store.thread(key, last: nil) == nil, "the refused turn is there")
      _ = try await store.deleteAgent("a")
      try await expectError(.notFound, "a turn of a deleted agent") {
        try await store.appendTurn(StoreSamples.turn(key, replaces: true))
      }
      try await store.insert("a")
      try expect(try await store.thread(key, last: nil) == nil, "the turn of the deleted agent is there")
    },
    Check("an agent's update leaves its threads alone") { store in
      try await store.insert("a")
      try await store.appendTurns(StoreSamples.key(), 0..<2)
      try await store.replaceAgent(StoreSamples.agent("a") { $0.revision = 2 }, expecting: 1, changes: [])
      try expectEqual(try await store.storedThread(StoreSamples.key()).messageCount, 4, "message count")
    },
  ]

  static let userChecks: [Check] = [
    Check("a thread takes the user of the first turn that names one") { store in
      try await store.insert("a")
      let key = StoreSamples.key()
      try await store.appendTurn(StoreSamples.turn(key, 0))
      try expectEqual(try await store.storedThread(key).userID, nil, "after a turn without a user")
      try await store.appendTurn(StoreSamples.turn(key, 1, user: "u\u{0}é"))
      try expectEqual(try await store.storedThread(key).userID, "u\u{0}é", "after one with a user")
    },
    Check("a thread's user never changes") { store in
      try await store.insert("a")
      let key = StoreSamples.key()
      try await store.appendTurn(StoreSamples.turn(key, 0, user: "first"))
      try await store.appendTurn(StoreSamples.turn(key, 1, user: "second"))
      try await store.appendTurn(StoreSamples.turn(key, 2))
      try await store.appendTurn(StoreSamples.turn(key, 3, user: "third", replaces: true))
      try expectEqual(try await store.storedThread(key).userID, "first", "the user")
      try expectEqual(try await store.storedThread(key).messageCount, 2, "message count")
    },
    Check("an empty user name is a name") { store in
      try await store.insert("a")
      let key = StoreSamples.key()
      try await store.appendTurn(StoreSamples.turn(key, 0, user: ""))
      try await store.appendTurn(StoreSamples.turn(key, 1, user: "u"))
      try expectEqual(try await store.storedThread(key).userID, "", "the user")
    },
  ]
}
