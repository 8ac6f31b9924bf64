// A client of the chat server: weir bot.js -- ROOM NAME. It prints what it hears and greets who comes in.

import { TEXT, CLOSE, PING, PONG, upgrade } from './websocket.js'

var [, room, name] = pipy.argv

function hear({ head: { opcode }, body }) {
  switch (opcode) {
    case TEXT: {
      println(body.toString())
      var [, who] = body.toString().match(/^(.+) has joined$/) || []
      if (who) return new Message({ opcode: TEXT, masked: true }, `hello ${who}`)
      break
    }
    case PING: return new Message({ opcode: PONG, masked: true }, body)
    case CLOSE: return new StreamEnd
  }
}

pipeline($=>$
  .onStart(new Data)
  .loop($=>$ // its answers go to the server
    .connectHTTPTunnel(() => upgrade(`/${room}?${name}`), {
      onState: state => println(state === 'connected' ? `in ${room} as ${name}` : `${state}`)
    }).to($=>$
      .muxHTTP().to($=>$.connect('127.0.0.1:8000', { idleTimeout: 0 }))
    )
    .decodeWebSocket({ masked: false })
    .replaceMessage(hear)
    .encodeWebSocket()
  )
).spawn()
