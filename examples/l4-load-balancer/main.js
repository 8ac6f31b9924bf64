// A load balancer in the kernel for a service of TCP or UDP. Its backends are in config.yml.

var SLOTS = 1021
var device = os.env.INTERFACE || 'lo'
var number = address => new IP(address).toBytes().reduce((n, byte) => n * 256 + byte, 0)

var config = readConfig()
var service = config.service
var [address, port] = service.split(':')
var object = bpf.object(pipy.load('balancer.o'), {
  variables: { service_address: number(address), service_port: Number(port) },
}).load()
var ring = object.map('ring')

function readConfig() {
  var { service, backends } = YAML.decode(pipy.load('config.yml'))
  if (!/^[\d.]+:\d+$/.test(service)) throw new Error(`service: ${service} is not an address and a port`)
  if (!Array.isArray(backends)) throw new Error('backends: a list is missing')
  backends.forEach(({ address, weight }) => {
    if (new IP(address).toBytes().length !== 4) throw new Error(`backends: ${address} is not an IPv4 address`)
    if (!(weight >= 0)) throw new Error(`backends: ${weight} is not the weight of ${address}`)
  })
  return { service, backends }
}

var up = {} // by address, as the last check found

// The ring has as many slots of each backend as its weight tells.
function fill() {
  var able = config.backends.filter(b => up[b.address] && b.weight > 0)
  var slots = new algo.LoadBalancer(able, { weight: b => b.weight }).schedule(SLOTS)
  ring.updateAll(Array.from({ length: SLOTS }, (_, i) => [{ i }, { i: slots[i] ? number(slots[i].address) : 0 }]))
}

function setHealth(address, healthy) {
  if (up[address] === healthy) return
  up[address] = healthy
  fill()
  console.log(`backend ${address} is ${healthy ? 'up' : 'down'}`)
}

// A backend is up if it can be connected to. By this the kernel gets to know its hardware address, too.
var $address
var $connected = false

var check = pipeline($=>$
  .onStart(address => {
    $address = address
    return new Data
  })
  .connect(() => `${$address}:${port}`, {
    connectTimeout: 1,
    onState: ob => {
      if (ob.state === 'connected') {
        $connected = true
        ob.close()
      }
    },
  })
  .handleStreamEnd(() => setHealth($address, $connected))
)

function checkAll() {
  config.backends.forEach(b => check.spawn(b.address))
  new Timeout(1).wait().then(checkAll)
}

function follow() {
  pipy.watch('config.yml').then(() => {
    try {
      var changed = readConfig()
      if (changed.service !== service) throw new Error('service: restart for another one')
      config = changed
      fill()
      console.log('config.yml has changed and is in effect')
    } catch (e) {
      console.error(`config.yml has changed but is not used: ${e.message}`)
    }
    follow()
  })
}

// The program is detached when weir ends, whatever way that happens. MODE=native is faster where the driver knows it.
object.program('balance').attach({ xdp: device, mode: os.env.MODE || 'generic' })
checkAll()
follow()

console.log(`Balancing ${service} on ${device}`)
