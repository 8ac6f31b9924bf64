// What WebSocket needs besides its frames (RFC 6455).

export var TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10

var GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

// The answer to a request: 101 opens the WebSocket.
export function accept({ head: { headers } }) {
  var key = headers['sec-websocket-key']
  if ((headers.upgrade || '').toLowerCase() !== 'websocket' || !key) {
    return new Message({ status: 426, headers: { upgrade: 'websocket' } }, 'This is a WebSocket.\n')
  }
  var hash = new crypto.Hash('sha1')
  hash.update(key + GUID)
  return new Message({ status: 101, headers: { upgrade: 'websocket', 'sec-websocket-accept': hash.digest('base64') } })
}

// The request of a client.
export function upgrade(path) {
  var key = new Data(Array.from({ length: 16 }, () => Math.random() * 256))
  return new Message({
    path,
    headers: {
      host: 'localhost', upgrade: 'websocket', connection: 'Upgrade',
      'sec-websocket-version': '13', 'sec-websocket-key': key.toString('base64'),
    },
  })
}

// The last message, with a status code; more is for its head.
export var close = (code, more) => new Message({ opcode: CLOSE, ...more }, new Data([code >> 8, code & 255]))
