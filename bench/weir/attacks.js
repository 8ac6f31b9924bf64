// What attacks aim at, with short limits: weir attacks.js --args PORT 127.0.0.1:TLS_PORT
var cert = new crypto.Certificate(os.readFile('@CERT@'))
var key = new crypto.PrivateKey(os.readFile('@KEY@'))
var sizes = {}
var block = n => n in sizes ? sizes[n] : (sizes[n] = new Data(new Array(n).fill(0x78)))

var serve = $=>$.demuxHTTP({ headTimeout: 1, bodyTimeout: 1, stallTimeout: 1 }).to($=>$
  .decompressHTTP({ maxSize: '1m' })
  .replaceMessage(req => new Message(block(+req.head.headers['x-size'] || 10)))
)

pipy.listen('127.0.0.1:' + pipy.argv[1], serve)
pipy.listen(pipy.argv[2], $=>$
  .acceptTLS({ certificate: { cert, key }, alpn: ['h2', 'http/1.1'], handshakeTimeout: 1 }).to(serve)
)
