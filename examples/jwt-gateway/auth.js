// Checks tokens against the keys of a file, and against the claims expected.

var FILE = os.env.JWKS || 'jwks.json'
var ISSUER = os.env.ISSUER || 'https://issuer.example'
var AUDIENCE = os.env.AUDIENCE || 'gateway'
var LEEWAY = 10    // seconds that clocks may differ
var READ_AGAIN = 5 // seconds between two looks at the file, however many tokens have unknown keys

var keys = new Map // kid → { key, alg }
var lastRead

function readKeys() {
  var text = os.readFile(FILE)
  if (!text) throw new Error(`cannot read the key set ${FILE}`)
  var set = JSON.decode(text)
  if (!Array.isArray(set?.keys)) throw new Error(`${FILE} is no JWK set`)
  var found = new Map
  set.keys.filter(k => k.kid && k.alg && (k.use || 'sig') === 'sig').forEach(k => {
    try {
      found.set(k.kid, { key: new crypto.JWK(k), alg: k.alg })
    } catch (e) {
      console.warn(`${FILE}: key ${k.kid} is not used: ${e.message}`) // a kind that is not known here
    }
  })
  return found
}

// Without a usable file the old keys stay in use; at the start there are none, and nobody gets in.
function loadKeys() {
  lastRead = Date.now()
  try {
    keys = readKeys()
  } catch (e) {
    console.error(`${e.message}; ${keys.size} old keys stay in use`)
  }
}

loadKeys()

// A key that is not known may have been added to the file since.
function findKey(kid) {
  if (!keys.has(kid) && Date.now() - lastRead > READ_AGAIN * 1000) loadKeys()
  return keys.get(kid)
}

function fault(token) {
  if (!token.isValid) return 'The token is malformed.'
  var { header, payload } = token
  var found = findKey(header.kid)
  // The key says which algorithm it is for, not the token.
  if (!found || found.alg !== header.alg || header.crit || !token.verify(found.key)) return 'The signature is not valid.'
  var now = Date.now() / 1000
  if (!(payload.exp > now - LEEWAY)) return 'The token has expired.'
  if (payload.nbf !== undefined && !(payload.nbf < now + LEEWAY)) return 'The token is not valid yet.'
  if (payload.iss !== ISSUER) return 'The token is of another issuer.'
  if (![payload.aud].flat().includes(AUDIENCE)) return 'The token is for another audience.'
  // It becomes the value of a header.
  if (typeof payload.sub !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(payload.sub)) return 'The token has no usable subject.'
}

// Returns { claims } or { error }.
export function authenticate(authorization) {
  var text = /^Bearer +([\w.-]+)$/i.exec(authorization || '')?.[1]
  if (!text) return { error: 'A bearer token is needed.' }
  var token = new crypto.JWT(text)
  var error = fault(token)
  return error ? { error } : { claims: token.payload }
}
