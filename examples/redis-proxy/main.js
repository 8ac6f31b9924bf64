// A proxy for Redis that sends commands that only read to a replica, and all others to the primary.

import { runDemo } from './demo.js'

var primary = '127.0.0.1:8081'
var replica = '127.0.0.1:8082'

var reads = new Set(('get mget strlen exists ttl type keys scan getrange hget hmget hgetall hlen hkeys hvals lrange lindex llen ' +
  'smembers sismember scard zrange zscore zcard zrank').split(' '))

// After these a connection is in a state of its own: it gets a connection to the primary for itself, and stays there.
var binding = new Set('multi watch subscribe psubscribe monitor hello auth select client'.split(' '))

var $state  // of the client's connection
var $target // where the current command goes

function choose(command) {
  var name = String(command?.[0]).toLowerCase()
  if (binding.has(name)) $state.bound = true
  $target = !$state.bound && reads.has(name) ? replica : primary
  console.log(`${name} goes to the ${$target === replica ? 'replica' : 'primary'}`)
}

pipy.listen(8000, $=>$
  .onStart(() => void ($state = { bound: false }))
  .decodeRESP()
  .demux({ outputCount: -1 }).to($=>$ // one command after the other
    .replaceMessage(msg => (choose(msg.payload), msg)) // before mux sees its beginning
    .mux(() => $state.bound ? $state : $target).to($=>$
      .encodeRESP()
      .connect(() => $target)
      .decodeRESP()
    )
  )
  .encodeRESP()
)

if (os.env.DEMO) runDemo(8081, 8082)
