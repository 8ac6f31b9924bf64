// A static response over TLS: weir tls.js --args PORT
var cert = new crypto.Certificate(os.readFile('@CERT@'))
var key = new crypto.PrivateKey(os.readFile('@KEY@'))

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .acceptTLS({ certificate: { cert, key } }).to($=>$
    .serveHTTP(() => new Message('Hello, world!\n'))
  )
)
