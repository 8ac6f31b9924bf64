// The key that signs, an EC key on P-256: its private half for token.js, its public half for jwks.js. Its kid is its thumbprint
// (RFC 7638).

var FILE = os.env.KEY || 'key.pem'

export function loadKey() {
  var pem = os.readFile(FILE)
  if (!pem) throw new Error(`cannot read the key ${FILE}`)
  var key = new crypto.PrivateKey(pem)
  var spki = Data.from(new crypto.PublicKey(key).toPEM().toString().replace(/-----.*-----|\s/g, ''), 'base64').toArray()
  if (spki.length !== 91) throw new Error(`${FILE} is no EC key on P-256`)
  // The last 64 bytes are the coordinates of the point.
  var [x, y] = [spki.slice(-64, -32), spki.slice(-32)].map(bytes => new Data(bytes).toString('base64url'))
  var jwk = { crv: 'P-256', kty: 'EC', x, y } // in the order that the thumbprint needs
  var hash = new crypto.Hash('sha256')
  hash.update(JSON.stringify(jwk))
  return { key, jwk, kid: hash.digest('base64url') }
}

// Prints what make returns, or why it cannot.
export function print(make) {
  try {
    println(make())
  } catch (e) {
    console.error(e.message)
    pipy.exit(1)
  }
}
