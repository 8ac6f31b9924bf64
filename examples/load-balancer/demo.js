// Small HTTP servers that stand in for real upstreams.

var running = []

export function runDemo(ports) {
  for (var port of running) {
    if (!ports.includes(port)) pipy.listen(`127.0.0.1:${port}`, null)
  }
  for (var port of ports) {
    if (!running.includes(port)) serve(port)
  }
  running = ports
}

function serve(port) {
  var answer = new Message({ headers: { 'content-type': 'text/plain' } }, `Hello from upstream ${port}\n`)
  pipy.listen(`127.0.0.1:${port}`, $=>$.serveHTTP(answer))
}
