// Prints a token for a subject and scopes: weir token.js -- SUBJECT [SCOPE...]. LIFETIME is in seconds.

import { loadKey, print } from './key.js'

function part(object) {
  return new Data(JSON.stringify(object)).toString('base64url')
}

print(() => {
  var [subject, ...scopes] = pipy.argv.slice(1)
  if (!subject) throw new Error('usage: weir token.js -- SUBJECT [SCOPE...]')
  var { key, kid } = loadKey()
  var now = Math.floor(Date.now() / 1000)
  var text = part({ alg: 'ES256', typ: 'JWT', kid }) + '.' + part({
    iss: os.env.ISSUER || 'https://issuer.example',
    aud: os.env.AUDIENCE || 'gateway',
    sub: subject,
    scope: scopes.join(' '),
    iat: now,
    exp: now + Number(os.env.LIFETIME || 300),
  })
  var signature = new crypto.Sign('sha256')
  signature.update(text)
  return text + '.' + signature.sign(key, 'base64url', { dsaEncoding: 'ieee-p1363' })
})
