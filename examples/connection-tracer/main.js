// Logs every TCP connection of this network namespace, whoever makes it, and measures how long handshakes take.

// It reads like net:[4026531840].
var namespace = pipy.exec(['readlink', '/proc/self/ns/net']).toString()

var object = bpf.object(pipy.load('tracer.o'), {
  variables: { network_namespace: Number(namespace.match(/\d+/)[0]) },
}).load()

var event = new CStruct({
  nanoseconds: 'uint64', kind: 'uint32', localPort: 'uint16', remotePort: 'uint16', local: 'uint8[16]', remote: 'uint8[16]',
})
var kinds = ['connected', 'accepted', 'failed', 'closed']

var log = new logging.JSONLogger('connections').toFile('connections.log', { maxFileSize: '100m', maxFileCount: 10 })
var handshakes = new stats.Histogram('tcp_handshake_seconds', [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3], ['result'])
var lifetimes = new stats.Histogram('tcp_connection_seconds', [0.01, 0.1, 1, 10, 60, 600, 3600])

new stats.Gauge('tcp_trace_lost', [], gauge => gauge.set(Number(object.variable('lost').value)))

// The C program has IPv4 addresses as ::ffff:a.b.c.d.
var isIPv4 = bytes => bytes.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255'
var text = (bytes, port) => isIPv4(bytes) ? `${bytes.slice(12).join('.')}:${port}` : `[${new IP(bytes)}]:${port}`

object.map('events').listen({ type: event }, $=>$
  .handleMessage(({ payload: e }) => {
    var kind = kinds[e.kind]
    var seconds = Number(e.nanoseconds) / 1e9
    if (kind === 'closed') lifetimes.observe(seconds)
    else handshakes.withLabels(kind).observe(seconds)
    log.log({
      event: kind, remote: text(e.remote, e.remotePort), local: text(e.local, e.localPort), seconds, time: new Date().toISOString(),
    })
  })
)

// The program is detached when weir ends, whatever way that happens.
object.program('set_state').attach()

pipy.listen('127.0.0.1:' + (os.env.PORT || 8000), $=>$.serveHTTP(stats.scrape))

console.log('Tracing TCP connections')
