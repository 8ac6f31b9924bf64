// Counts packets by source address in the kernel, and shows the counts over HTTP.

import { attach, detach } from './xdp.js'

var device = os.env.INTERFACE || 'lo'
var object = bpf.object(pipy.load('counter.o'))
var program = object.programs[0].load('BPF_PROG_TYPE_XDP')
var counts = object.maps[0]

// The C program has IPv4 addresses as ::ffff:a.b.c.d.
var isIPv4 = bytes => bytes.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255'
var text = bytes => new IP(isIPv4(bytes) ? bytes.slice(12) : bytes).toString()

var read = () => counts.entries()
  .map(([key, { packets, bytes }]) => ({ address: text(key.bytes), packets: Number(packets), bytes: Number(bytes) }))
  .sort((a, b) => b.packets - a.packets)

// Collected when Prometheus asks.
new stats.Gauge('packets', ['address'], gauge => {
  read().forEach(({ address, packets }) => gauge.withLabels(address).set(packets))
})

pipy.listen(os.env.PORT || 8000, $=>$.serveHTTP(({ head: { path } }) => {
  switch (path) {
    case '/': return new Message(read().map(c => `${c.address} ${c.packets} packets ${c.bytes} bytes\n`).join(''))
    case '/metrics': return stats.scrape()
    default: return new Message({ status: 404 }, 'Try / or /metrics.\n')
  }
}))

attach(device, program).then(() => console.log('Counting on', device)).catch(e => {
  console.error(e.message)
  pipy.exit(1)
})

pipy.exit(() => detach(device))
