// A proxy that no client knows of: the kernel sends it every TCP connection that processes of a cgroup open.

var port = Number(os.env.PORT || 8000)
var cgroup = os.env.CGROUP || bpf.cgroupRoot

var $destination

var at = (address, port) => address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

var refuse = pipeline($=>$.onStart(() => new StreamEnd).replaceData())

var forward = pipeline($=>$
  // A copy is looked into. Whether it is HTTP or not, everything is passed on as it is.
  .fork().to($=>$
    .decodeHTTPRequest()
    .handleMessageStart(({ head: { method, path, protocol } }) => console.log(`${method} ${path} ${protocol} to ${$destination}`))
  )
  .connect(() => $destination)
)

var proxy = pipeline($=>$
  .onStart(({ destinationAddress, destinationPort, localAddress, localPort }) => {
    var destination = at(destinationAddress, destinationPort)
    // Nothing is gained by connections to the proxy itself.
    if (destination !== at(localAddress, localPort)) $destination = destination
    return new Data // connects at once: some servers speak first
  })
  .pipe(() => $destination ? forward : refuse)
)

pipy.listen(`127.0.0.1:${port}`, { transparent: true }, proxy)
pipy.listen(`[::1]:${port}`, { transparent: true }, proxy)

// What weir itself connects to is left alone, or it would go round in circles.
var object = bpf.object(pipy.load('redirect.o'), { variables: { proxy_pid: pipy.pid, proxy_port: port } }).load()
// In this order, every connection that is turned here is known here.
var links = ['getsockopt', 'established', 'connect4', 'connect6'].map(name => object.program(name).attach({ cgroup }))

// At once, not when the last connection has ended: nobody listens any more.
pipy.exit(() => links.forEach(link => link.close()))

console.log('Taking the connections of', cgroup)
