// One handler for HTTP/1.1 and HTTP/2 over TCP, and for HTTP/3 over QUIC. The alt-svc header tells browsers of the latter.

var port = os.env.PORT || 8043

// A certificate of our own, good for a try. A real one is read from files.
var key = new crypto.PrivateKey({ type: 'ec', curve: 'P-256' })
var cert = new crypto.Certificate({
  subject: { CN: 'localhost' },
  extensions: { subjectAltName: 'DNS:localhost, IP:127.0.0.1' },
  privateKey: key,
  publicKey: new crypto.PublicKey(key),
})
var tls = { certificate: { cert, key }, alpn: ['h2', 'http/1.1'] }

var hello = transport => $=>$
  .serveHTTP(req => new Message(
    { headers: { 'content-type': 'text/html', 'alt-svc': `h3=":${port}"` } },
    `Hello from ${req.head.path} over ${transport}\n`
  ))

pipy.listen(port, $=>$.acceptTLS(tls).to(hello('TCP')))
pipy.listen(port, { protocol: 'quic', tls }, hello('QUIC'))
