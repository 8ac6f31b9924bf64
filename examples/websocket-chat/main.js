// A chat server: ws://HOST/ROOM?NAME. Everybody in a room hears what is said there.

import { TEXT, CLOSE, PING, PONG, accept, close } from './websocket.js'

var rooms = {} // name → { hub, members }
var joins = 0

var $room
var $name
var $id        // of the member; messages with it in their head are for that member alone

var line = (text, to) => new Message({ opcode: TEXT, to }, text)

function enter(request) {
  var { pathname, search } = new URL('http://x' + request.head.path)
  var room = decodeURIComponent(pathname.slice(1)), name = decodeURIComponent((search || '').slice(1))
  if (!room || !name) return new Message({ status: 404 }, 'Connect to /ROOM?NAME.\n')
  var response = accept(request)
  if (response.head.status !== 101) return response
  $name = name
  $id = ++joins
  $room = rooms[room] || (rooms[room] = { name: room, hub: new pipeline.Hub, members: 0 })
  $room.members++
  return response
}

function leave() {
  if (--$room.members === 0) delete rooms[$room.name]
}

// What becomes of a message from the client.
function say({ head: { opcode }, body }) {
  switch (opcode) {
    case TEXT: return line(`${$name}: ${body}`)
    case PING: return new Message({ opcode: PONG, to: $id }, body)
    case CLOSE: return goodbye(1000)
  }
}

var goodbye = code => [line(`${$name} has left`), close(code, { to: $id })]

// What the client says goes to the hub of its room by one swap, what the room hears comes by the other.
var member = pipeline($=>$
  .onStart(new Message) // an empty one, for the first thing the room hears
  .onEnd(leave)
  .fork().to($=>$
    .decodeWebSocket({ masked: true, maxMessageSize: '64k' })
    .replaceMessage(say)
    .replaceStreamEnd(end => goodbye(end.error === 'ProtocolError' ? 1002 : 1001))
    .swap(() => $room.hub)
  )
  .replaceStreamEnd()
  .replaceData()
  .replaceMessage(() => line(`${$name} has joined`))
  .swap(() => $room.hub)
  .replaceMessage(message => {
    var { opcode, to } = message.head
    if (to && to !== $id) return
    return opcode === CLOSE ? [message, new StreamEnd] : message
  })
  .encodeWebSocket()
)

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP().to($=>$
    .acceptHTTPTunnel(enter).to(member)
  )
)
