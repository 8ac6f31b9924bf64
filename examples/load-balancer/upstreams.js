// The upstreams, their health, and whose turn it is.

var upstreams = new Map // address → { address, healthy }
var health              // the settings of the checks
var balancer = new algo.LoadBalancer([], { algorithm: 'round-robin', key: u => u.address })

// An upstream that is on the old list as well keeps its health and its open connections.
export function setUpstreams(addresses, settings) {
  var old = upstreams
  health = settings
  upstreams = new Map(addresses.map(address => [address, old.get(address) || { address, healthy: true }]))
  balancer.provision([...upstreams.values()])
  for (var upstream of upstreams.values()) {
    if (!old.has(upstream.address)) keepChecking(upstream)
  }
}

// The healthy upstream whose turn it is, undefined if there is none.
export function nextUpstream() {
  return balancer.schedule(1, upstream => upstream.healthy)[0]
}

export function setHealth(upstream, healthy, reason) {
  if (upstream.healthy === healthy) return
  upstream.healthy = healthy
  console.log(`upstream ${upstream.address} is ${healthy ? 'up' : 'down'}: ${reason}`)
}

async function keepChecking(upstream) {
  while (upstreams.get(upstream.address) === upstream) {
    var { status, statusText } = await check(upstream)
    setHealth(upstream, status === 200, `its health check says ${status} ${statusText}`)
    await new Timeout(health.interval).wait()
  }
}

// Asks over a new connection each time: one that is open already does not show whether others can be opened.
function check({ address }) {
  var { path, timeout } = health
  var agent = new http.Agent(address, { connectTimeout: timeout, readTimeout: timeout })
  return agent.request('GET', path, { connection: 'close' }).then(
    response => response.head,
    failure => failure.head || { status: 'nothing', statusText: failure }
  )
}
