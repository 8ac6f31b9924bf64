// A web server for a folder: HTTPS with HTTP/1.1 and HTTP/2, and plain HTTP that only redirects to it.

var httpPort = Number(os.env.PORT || 8000)
var httpsPort = Number(os.env.HTTPS_PORT || 8043)

// CERT and KEY name PEM files. Without them a certificate is made that no browser trusts, for trying things out.
function identity() {
  var { CERT, KEY } = os.env
  if (CERT || KEY) {
    if (!CERT || !KEY) throw new Error('CERT and KEY go together')
    return { cert: new crypto.CertificateChain(os.readFile(CERT)), key: new crypto.PrivateKey(os.readFile(KEY)) }
  }
  var key = new crypto.PrivateKey({ type: 'rsa', bits: 2048 })
  var cert = new crypto.Certificate({
    subject: { CN: 'localhost' },
    extensions: { subjectAltName: 'DNS:localhost,IP:127.0.0.1' },
    publicKey: new crypto.PublicKey(key),
    privateKey: key,
    days: 30,
  })
  return { cert, key }
}

var text = /\.(html|css|js|json|svg|txt|xml)$/

var www = new http.Directory(os.env.WWW || '/www', {
  fs: Boolean(os.env.WWW), // a folder of the file system, else the one beside this script
  index: ['index.html'],
  redirect: true, // from /docs to /docs/
  methods: true, // 405 for all but GET and HEAD
  decode: true, // %20 in a path is a space in a file's name
  // Files in assets have names that change with their content, all others are asked for again.
  cacheControl: path => path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  compression: (head, accepts, path, size) => accepts.gzip && size > 1000 && text.test(path) ? 'gzip' : null,
})

function answer(status, body, headers) {
  return new Message({ status, headers: { 'content-type': 'text/plain', ...headers } }, body + '\n')
}

pipy.listen(httpsPort, $=>$
  .acceptTLS({ certificate: identity(), alpn: ['h2', 'http/1.1'] }).to($=>$
    .serveHTTP(req => www.serve(req) || answer(404, 'There is no such file.'))
  )
)

pipy.listen(httpPort, $=>$
  .serveHTTP(({ head: { path, headers } }) => {
    var host = headers.host?.replace(/:\d+$/, '')
    if (!host || !path.startsWith('/')) return answer(400, 'A Host header and a path are needed.')
    var port = httpsPort === 443 ? '' : `:${httpsPort}`
    return answer(308, 'This site is served over HTTPS.', { location: `https://${host}${port}${path}` })
  })
)
