// An HTTP load balancer. Everything that one would want to change is in config.yml.

import { readConfig, followConfig } from './config.js'
import { setUpstreams, nextUpstream, setHealth } from './upstreams.js'
import { runDemo } from './demo.js'

var $client   // address of the client
var $upstream // where the current request goes

function page(status, text) {
  return [new MessageStart({ status, headers: { 'content-type': 'text/plain' } }), new Data(text + '\n')]
}

// What weir itself answers for an upstream that failed has no headers.
function isFailure({ status, headers }) {
  return (status === 502 || status === 504) && Object.keys(headers || {}).length === 0
}

var forward = pipeline($=>$
  .muxHTTP(() => $upstream).to($=>$
    .connect(() => $upstream.address, { connectTimeout: 3 })
    .handleStreamEnd(({ error }) => {
      // No need to wait for the next check.
      if (error === 'ConnectionRefused' || error === 'ConnectionTimeout') setHealth($upstream, false, error)
    })
  )
  .replaceMessageStart(res => isFailure(res.head) ? page(res.head.status, 'The upstream does not answer.') : res)
)

var refuse = pipeline($=>$
  .replaceData()
  .replaceMessageStart(() => page(503, 'No upstream is healthy.'))
)

var balance = pipeline($=>$
  .onStart(inbound => void ($client = inbound.remoteAddress))
  .demuxHTTP().to($=>$
    .handleMessageStart(({ head: { headers } }) => {
      var before = headers['x-forwarded-for']
      headers['x-forwarded-for'] = before ? `${before}, ${$client}` : $client
      $upstream = nextUpstream()
    })
    .pipe(() => $upstream ? forward : refuse)
  )
)

var port

function apply(config) {
  runDemo(config.demo)
  setUpstreams(config.upstreams, config.health)
  if (config.listen !== port) {
    pipy.listen(config.listen, balance)
    if (port) pipy.listen(port, null)
    port = config.listen
  }
}

apply(readConfig())
followConfig(apply)

if (pipy.thread.id === 0) println(`Try: curl http://127.0.0.1:${port}/`)
