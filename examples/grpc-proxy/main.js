// Sends each gRPC call to the server that services.json names for its service, and counts calls by method and outcome.

import './demo.js' // stand-in servers; not needed with real ones

var services = JSON.decode(pipy.load('services.json'))
var counts = {}

var $method // '/package.Service/Method'
var $server
var $early  // the status, if it is in the head

// The outcome is in the trailers, or in the head of an answer that has nothing else.
function count(status) {
  var name = `${$method} ${status === undefined ? 'broken off' : 'status ' + status}`
  counts[name] = (counts[name] || 0) + 1
}

function failure(status, text) {
  return {
    status: 200,
    headers: { 'content-type': 'application/grpc', 'grpc-status': String(status), 'grpc-message': text },
  }
}

var call = pipeline($=>$
  .muxHTTP(() => $server, { version: 2 }).to($=>$
    .connect(() => $server, { connectTimeout: 3 })
  )
  .replaceMessageStart(res => res.head.status === 502 ? new MessageStart(failure(14, 'the server does not answer')) : res)
)

var unknown = pipeline($=>$
  .replaceMessage(() => new Message(failure(12, 'no such service')))
)

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP().to($=>$
    .handleMessageStart(({ head }) => {
      $method = head.path
      $server = services[head.path.split('/')[1]]
    })
    .pipe(() => $server ? call : unknown)
    .handleMessageStart(({ head }) => void ($early = head.headers['grpc-status']))
    .handleMessageEnd(({ tail }) => count(tail?.headers?.['grpc-status'] ?? $early))
  )
)

pipy.listen('127.0.0.1:' + (os.env.COUNTS || 8001), $=>$
  .serveHTTP(() => new Message(Object.keys(counts).sort().map(name => `${counts[name]} ${name}\n`).join('')))
)
