import AgentJSON
import HTTPTypes

/// The API as OpenAPI 3.1, made of the same declarations that answer requests.
struct OpenAPIDocument {
  let endpoints: [Endpoint]
  let version: String

  var json: JSONValue {
    var paths: JSONObject = [:]
    for endpoint in endpoints {
      var operations = paths[endpoint.path]?.objectValue ?? [:]
      operations[endpoint.method.rawValue.lowercased()] = operation(endpoint)
      paths[endpoint.path] = .object(operations)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Apus", "version": .string(version), "license": ["name": "MIT", "identifier": "MIT"],
        "summary": "A self-hosted runtime for AI agents behind an OpenAI-compatible API.",
      ],
      "paths": .object(paths),
      "components": [
        "schemas": .object(ComponentSchemas.all),
        "securitySchemes": [
          "runtimeToken": ["type": "apiKey", "in": "header", "name": "X-Runtime-Token"],
          "bearer": ["type": "http", "scheme": "bearer"],
        ],
      ],
    ]
  }

  private func operation(_ endpoint: Endpoint) -> JSONValue {
    var operation: JSONObject = [
      "summary": .string(endpoint.summary), "operationId": .string(operationID(endpoint)),
      "parameters": .array(parameters(endpoint)), "responses": .object(responses(endpoint)),
      "security": endpoint.needsToken ? [["runtimeToken": []], ["bearer": []]] : [],
    ]
    if endpoint.takesBody {
      operation["requestBody"] = ["required": true, "content": .object(content(endpoint.schema.request))]
    }
    return .object(operation)
  }

  private func operationID(_ endpoint: Endpoint) -> String {
    let words = endpoint.segments.map { $0.filter { $0.isLetter || $0 == "_" } }
    return ([endpoint.method.rawValue.lowercased()] + words).joined(separator: "_")
  }

  private func parameters(_ endpoint: Endpoint) -> [JSONValue] {
    func parameter(_ name: String, _ place: JSONValue, required: Bool) -> JSONValue {
      let isNumber = name == "limit" || name == "offset"
      return [
        "name": .string(name), "in": place, "required": .bool(required),
        "schema": ["type": isNumber ? "integer" : "string"],
      ]
    }
    let names = endpoint.segments.filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    return names.map { parameter($0, "path", required: true) }
      + endpoint.schema.query.map { parameter($0, "query", required: false) }
      + endpoint.schema.headers.map { parameter($0, "header", required: false) }
  }

  private func responses(_ endpoint: Endpoint) -> JSONObject {
    var content = self.content(endpoint.schema.response)
    if case .stream = endpoint.action { content["text/event-stream"] = ["schema": ["type": "string"]] }
    return [
      String(endpoint.schema.status): ["description": "Done", "content": .object(content)],
      "default": [
        "description": "An error",
        "content": .object(self.content(endpoint.isOpenAI ? "OpenAIError" : "Error")),
      ],
    ]
  }

  private func content(_ name: String?) -> JSONObject {
    ["application/json": ["schema": name.map { ["$ref": .string("#/components/schemas/\($0)")] } ?? [:]]]
  }
}
