// A TCP proxy with fail-over: connections go to the first server of the list that can be reached.

var servers = (os.env.SERVERS || '127.0.0.1:8081,127.0.0.1:8082').split(',').map(address => ({ address, avoidUntil: 0 }))
var AVOID = 2000 // milliseconds for which a server that failed is not tried

var timeouts = { connectTimeout: 2, idleTimeout: '10m' }

var $server
var $reached = false

// Connects, says whether that worked, and closes again.
var knock = pipeline($=>$
  .onStart(server => {
    $server = server
    return new Data // an empty one is enough to make connect() begin
  })
  .connect(() => $server.address, {
    ...timeouts,
    onState: outbound => {
      if (outbound.state !== 'connected') return
      $reached = true
      outbound.close()
    },
  })
  .onEnd(() => $reached)
)

async function firstReachable() {
  for (var server of servers) {
    if (Date.now() < server.avoidUntil) continue
    if (await knock.spawn(server)) return server
    console.warn(`cannot connect to ${server.address}`)
    server.avoidUntil = Date.now() + AVOID
  }
}

pipy.listen(os.env.PORT || 8000, { idleTimeout: '10m' }, $=>$
  .onStart(async () => {
    $server = await firstReachable()
    // The empty Data connects at once, as servers that speak first need it; an error closes the connection.
    return $server ? new Data : new StreamEnd('ConnectionRefused')
  })
  .connect(() => $server.address, timeouts)
)
