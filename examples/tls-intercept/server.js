// An HTTPS server to try the proxy with.

var load = name => pipy.load(`certs/${name}`)

pipy.listen('127.0.0.1:8001', $=>$
  .acceptTLS({
    certificate: { cert: new crypto.Certificate(load('server.crt')), key: new crypto.PrivateKey(load('server.key')) },
  }).to($=>$
    .serveHTTP(({ head }) => new Message(`secret of ${head.path}\n`))
  )
)
