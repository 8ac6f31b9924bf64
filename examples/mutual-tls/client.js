// A plain port for local programs: what comes in goes on to the server with TLS and a certificate. weir client.js -- NAME

var { PORT = 8000, SERVER = '127.0.0.1:8001' } = os.env
var load = name => pipy.load(`certs/${name}`)
var [, name = 'alice'] = pipy.argv

pipy.listen(`127.0.0.1:${PORT}`, $=>$
  .connectTLS({
    certificate: { cert: new crypto.Certificate(load(`${name}.crt`)), key: new crypto.PrivateKey(load(`${name}.key`)) },
    trusted: [new crypto.Certificate(load('ca.crt'))],
    sni: 'server',
  }).to($=>$
    .connect(SERVER)
  )
)
