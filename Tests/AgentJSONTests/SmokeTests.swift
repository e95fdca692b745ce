import AgentJSON
import Testing
@Test func smoke() throws {
  let v = try JSONValue(parsing: #"{"a":[1,-2.5,"x\u00e9\n",null,true,{"b":1e999}],"c":-0}"#)
  #expect(v.encodedText == #"{"a":[1,-2.5,"xé\n",null,true,{"b":1e999}],"c":-0.0}"#)
}
