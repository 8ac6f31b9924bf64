// A WebSocket server that sends back what it gets.

import { TEXT, BINARY, CLOSE, PING, PONG, accept, close } from './websocket.js'

function answer({ head: { opcode }, body }) {
  switch (opcode) {
    case TEXT: case BINARY: return new Message({ opcode }, body)
    case PING: return new Message({ opcode: PONG }, body)
    case CLOSE: return [new Message({ opcode: CLOSE }, body), new StreamEnd]
  }
}

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP().to($=>$
    .acceptHTTPTunnel(accept).to($=>$
      .decodeWebSocket({ masked: true, maxMessageSize: '1m' }) // clients have to mask their frames
      .replaceMessage(answer)
      .replaceStreamEnd(end => end.error === 'ProtocolError' ? [close(1002), new StreamEnd] : end)
      .encodeWebSocket()
    )
  )
)
