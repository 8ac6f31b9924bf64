// HTTPS for several names on one port. Certificates are looked up by the name the client asks for, and read when it is
// first asked for.

var { PORT = 8000 } = os.env

var known = new algo.Cache(name => {
  var cert = pipy.load(`certs/${name}.crt`)
  var key = pipy.load(`certs/${name}.key`)
  return cert && key && { cert: new crypto.CertificateChain(cert), key: new crypto.PrivateKey(key) }
}, null, { size: 1000, ttl: 60 })

function certificateOf(name) {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(name || '') ? known.get(name) : null
}

var $session

pipy.listen(PORT, $=>$
  .acceptTLS({
    certificate: certificateOf,
    alpn: ['http/1.1'],
    onState: session => { $session = session },
  }).to($=>$
    .serveHTTP(({ head }) => new Message(
      { headers: { 'content-type': 'text/plain' } },
      `${$session.hostname} says hello: ${head.method} ${head.path}\n`
    ))
  )
)
