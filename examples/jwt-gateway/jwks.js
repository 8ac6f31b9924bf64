// Prints the JWK set for the public half of key.pem.

import { loadKey, print } from './key.js'

print(() => {
  var { jwk, kid } = loadKey()
  return JSON.stringify({ keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] })
})
