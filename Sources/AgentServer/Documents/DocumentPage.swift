import HTTPTypes

/// A page that lists the operations; it needs nothing from elsewhere.
struct DocumentPage {
  let endpoints: [Endpoint]
  let version: String

  var html: String {
    let rows = endpoints.map { endpoint in
      """
      <tr><td><code>\(endpoint.method.rawValue)</code></td><td><code>\(endpoint.path)</code></td>
      <td>\(endpoint.summary)\(endpoint.needsToken ? "" : " <em>(open)</em>")</td></tr>
      """
    }
    return """
      <!doctype html><html lang="en"><meta charset="utf-8"><title>Apus \(version)</title>
      <meta name="viewport" content="width=device-width">
      <style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}
      table{border-collapse:collapse}td{border-top:1px solid #8884;padding:.3rem .8rem .3rem 0}
      pre{overflow:auto;background:#8881;padding:.8rem}</style>
      <h1>Apus \(version)</h1>
      <p>The whole contract is in <a href="openapi.json"><code>openapi.json</code></a>. Send the runtime's token as
      <code>X-Runtime-Token</code> or as a Bearer token.</p>
      <table>\(rows.joined(separator: "\n"))</table>
      <h2>A first call</h2>
      <pre>curl -N localhost:8000/v1/chat/completions -H "Authorization: Bearer $RUNTIME_TOKEN" \\
        -H 'Content-Type: application/json' \\
        -d '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Hello"}]}'</pre></html>
      """
  }
}
