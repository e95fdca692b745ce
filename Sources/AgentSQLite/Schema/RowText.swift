import AgentJSON
import AgentRuntime
import FoundationEssentials
import GRDB

// Text crosses to SQLite as bytes, with CAST (? AS TEXT) in the statement and CAST (column AS BLOB) on the way back:
// as C strings, which GRDB uses for String, texts would end at their first NUL.

extension String {
  /// The bytes to bind for CAST (? AS TEXT).
  var sqlText: Data { Data(utf8) }

  /// The text of a column read with CAST (… AS BLOB).
  init(sqlText data: Data) { self = String(decoding: data, as: UTF8.self) }
}

extension JSONValue {
  /// The bytes to bind for CAST (? AS TEXT).
  var sqlText: Data { Data(encoded()) }

  /// Reads a stored document. Throws `StoreError.corrupt` naming what it belongs to.
  init(sqlText data: Data, format: Int, of what: @autoclosure () -> String) throws {
    guard format <= StoreSchema.format else {
      throw StoreError(
        .corrupt, "\(what()) is stored in format \(format); this version of Apus reads up to \(StoreSchema.format).")
    }
    do {
      self = try JSONValue(parsing: data.span)
    } catch {
      throw StoreError(.corrupt, "\(what()) is stored as damaged JSON.", cause: error)
    }
  }
}

extension Date {
  /// Milliseconds since 1970, as `wireText` shows them.
  var milliseconds: Int { Int((timeIntervalSince1970 * 1000).rounded()) }

  /// The time so many milliseconds after 1970.
  init(milliseconds: Int) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
