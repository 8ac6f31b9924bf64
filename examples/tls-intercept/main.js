// A forward proxy that looks into HTTPS: it answers CONNECT, plays the server with a certificate it issues on the spot, and
// passes the requests on over TLS of its own. For clients that trust the proxy's authority, with their users' consent.

var { PORT = 8000, TRUSTED } = os.env

var load = name => pipy.load(`certs/${name}`)
var ca = { cert: new crypto.Certificate(load('ca.crt')), key: new crypto.PrivateKey(load('ca.key')) }
var key = new crypto.PrivateKey(load('issued.key')) // of all certificates that are issued
var publicKey = new crypto.PublicKey(key)
var issued = new algo.Cache(name => ({
  key,
  cert: new crypto.Certificate({
    subject: { CN: name },
    extensions: { subjectAltName: `DNS:${name}`, extendedKeyUsage: 'serverAuth' },
    issuer: ca.cert,
    privateKey: ca.key,
    publicKey,
    days: 7,
    timeOffset: -3600,
  }),
}), null, { size: 10000, ttl: '1d' })

var $target
var $name

var upstream = pipeline($=>$
  .muxHTTP(() => $target, { version: 1 }).to($=>$
    .connectTLS({
      sni: () => $name,
      verify: 'system', // the proxy checks servers in place of its clients
      trusted: TRUSTED ? [new crypto.Certificate(load(TRUSTED))] : [],
      alpn: 'http/1.1',
    }).to($=>$.connect(() => $target))
  )
)

var inside = pipeline($=>$
  .acceptTLS({
    certificate: name => issued.get($name = name || $target.split(':')[0]),
    alpn: ['http/1.1'],
  }).to($=>$
    .demuxHTTP().to($=>$
      .handleMessageStart(({ head }) => console.log(`${head.method} https://${$name}${head.path}`))
      .pipe(upstream)
      .handleMessageStart(({ head }) => { head.headers['x-seen-by'] = 'tls-intercept' })
    )
  )
)

pipy.listen(PORT, $=>$
  .demuxHTTP().to($=>$
    .acceptHTTPTunnel(({ head }) => {
      if (head.method !== 'CONNECT') return new Message({ status: 405 }, 'Use me for https only.\n')
      $target = head.path
      return new Message({ status: 200 })
    }).to(inside)
  )
)
