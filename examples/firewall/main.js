// A firewall in the kernel whose list of denied networks is edited over HTTP.

var device = os.env.INTERFACE || 'lo'
var object = bpf.object(pipy.load('firewall.o')).load()
var denied = object.map('denied')

// The program is detached when weir ends, whatever way that happens.
var link = object.program('firewall').attach({ tcx: device, direction: 'ingress' })

// The kernel has IPv4 networks as ::ffff:a.b.c.d/96+n.
function keyOf(text) {
  var [address, length] = decodeURIComponent(text).split('/')
  var bytes = new IP(address).toBytes()
  var ipv4 = bytes.length === 4
  var most = bytes.length * 8
  length = length === undefined ? most : Number(length)
  if (!(length >= 0 && length <= most)) throw new Error('no such prefix length: ' + text)
  if (ipv4) bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes]
  return { prefixlen: ipv4 ? length + 96 : length, bytes }
}

function textOf({ prefixlen, bytes }) {
  var ipv4 = bytes.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255'
  return new IP(ipv4 ? bytes.slice(12) : bytes).toString() + '/' + (ipv4 ? prefixlen - 96 : prefixlen)
}

var list = () => denied.entries().map(([key, { i }]) => `${textOf(key)} ${i} packets dropped\n`).sort().join('')

var answer = (status, text) => new Message({ status }, text)

// Only from this machine: whoever can reach it can lock others out.
pipy.listen('127.0.0.1:' + (os.env.PORT || 8000), $=>$.serveHTTP(({ head: { method, path } }) => {
  if (path === '/' && method === 'GET') return answer(200, list())
  try {
    var key = keyOf(path.slice(1))
  } catch (e) {
    return answer(400, e.message + '\n')
  }
  switch (method) {
    case 'PUT':
      denied.update(key, { i: 0 })
      return answer(204)
    case 'DELETE':
      return answer(denied.remove(key) ? 204 : 404)
  }
  return answer(405, 'GET /, PUT /NETWORK or DELETE /NETWORK\n')
}))

console.log('Guarding', device)
