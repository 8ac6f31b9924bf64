// Takes connections only of clients with a certificate of the authority, and tells them who they are.

var { PORT = 8001 } = os.env
var load = name => pipy.load(`certs/${name}`)
var $peer

pipy.listen(PORT, $=>$
  .acceptTLS({
    certificate: { cert: new crypto.Certificate(load('server.crt')), key: new crypto.PrivateKey(load('server.key')) },
    trusted: [new crypto.Certificate(load('ca.crt'))],
    verify: (ok, cert) => ok && cert.subject.commonName !== 'mallory',
    onState: session => {
      if (session.state === 'connected') $peer = session.peer.subject.commonName
      if (session.error) console.log('refused:', session.error)
    },
  }).to($=>$
    .serveHTTP(({ head }) => new Message(`${$peer} may see ${head.path}\n`))
  )
)
