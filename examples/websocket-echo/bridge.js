// A WebSocket client: what comes in by TCP goes out as messages, and the other way round.

import { BINARY, CLOSE, PING, PONG, upgrade, close } from './websocket.js'

pipy.listen('127.0.0.1:8001', $=>$
  .replaceData(data => data.size > 0 ? new Message({ opcode: BINARY, masked: true }, data) : undefined)
  .replaceStreamEnd(() => close(1000, { masked: true }))
  .encodeWebSocket()
  .connectHTTPTunnel(() => upgrade('/'), { onState: state => console.log(`WebSocket ${state}`) }).to($=>$
    .muxHTTP().to($=>$.connect('127.0.0.1:8000'))
  )
  .decodeWebSocket({ masked: false })
  .replaceMessage(({ head, body }) => head.opcode === CLOSE ? new StreamEnd : head.opcode < CLOSE ? body : undefined)
)
