// Messages of WebSocket are sent back: weir websocket.js --args PORT
function accept({ head: { headers } }) {
  var hash = new crypto.Hash('sha1')
  hash.update(headers['sec-websocket-key'])
  hash.update('258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
  return new Message({
    status: 101,
    headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-accept': hash.digest('base64') }
  })
}

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .demuxHTTP().to($=>$
    .acceptHTTPTunnel(accept).to($=>$
      .decodeWebSocket()
      .replaceMessage(({ head: { opcode }, body }) => new Message({ opcode }, body))
      .encodeWebSocket()
    )
  )
)
