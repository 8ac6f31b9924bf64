// A proxy for clients: HTTP with absolute URLs, CONNECT, and SOCKS 4, 4a and 5, all on one port.

var rules = pipy.load('allow.txt').toString().split('\n')
  .map(line => line.trim())
  .filter(line => line && !line.startsWith('#'))
  .map(line => new RegExp('^' + line.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*') + '$', 'i'))

var $target

// Remembers the target if the client may go there.
function allow(target, how) {
  var allowed = rules.some(rule => rule.test(target))
  console.log(`${how} ${target} ${allowed ? 'allowed' : 'refused'}`)
  $target = target
  return allowed
}

var text = (status, text) => new Message({ status, headers: { 'content-type': 'text/plain' } }, text + '\n')

var tunnel = pipeline($=>$.connect(() => $target, { connectTimeout: 10, idleTimeout: '10m' }))

var socks = pipeline($=>$
  .acceptSOCKS(({ ip, domain, port }) => {
    var host = domain || (ip.includes(':') ? `[${ip}]` : ip)
    return allow(`${host}:${port}`, 'SOCKS')
  }).to(tunnel)
)

var connect = pipeline($=>$
  .acceptHTTPTunnel(({ head }) =>
    allow(head.path, 'CONNECT') ? new Message({ status: 200 }) : text(403, 'You may not go there.')
  ).to(tunnel)
)

var forward = pipeline($=>$
  .muxHTTP(() => $target).to($=>$.connect(() => $target, { connectTimeout: 10 }))
)

var refuse = pipeline($=>$.replaceMessage(() => $target
  ? text(403, 'You may not go there.')
  : text(400, 'This is a proxy: ask for an absolute URL.')
))

// The name of a server is the client's to say, the path is what the server wants to see.
function choose({ head }) {
  if (head.method === 'CONNECT') return connect
  var [, authority, path] = /^http:\/\/([^/?#]+)([^#]*)/i.exec(head.path) || []
  if (!authority) return refuse
  authority = authority.replace(/^.*@/, '')
  if (!allow(/:\d+$/.test(authority) ? authority : authority + ':80', head.method)) return refuse
  head.path = path.startsWith('/') ? path : '/' + path
  head.headers.host = authority
  delete head.headers['proxy-connection']
  delete head.headers['proxy-authorization']
  return forward
}

var http = pipeline($=>$
  .demuxHTTP().to($=>$.pipe(start => choose(start)))
)

pipy.listen(os.env.PORT || 8000, $=>$
  .pipe(event => {
    if (!(event instanceof Data) || event.size === 0) return
    var [version] = new Data(event).shift(1).toArray()
    return version === 4 || version === 5 ? socks : http
  })
)
