// A backend that keeps users in memory.

import { routes } from './api.js'
import { fromThrift, toThrift } from './convert.js'

var users = new Map
var ids = 0

var methods = {
  all: () => [...users.values()],
  add({ name, tags, scores }) {
    var user = { id: ++ids, name, tags: tags || [], scores: scores || {} }
    users.set(user.id, user)
    return user
  },
  get: ({ id }) => users.get(id),
  remove: ({ id }) => users.delete(id) || undefined,
}

function answer({ payload: call }) {
  var { args, result } = routes.find(r => r.call === call.name) || {}
  var reply = { ...call, type: 'reply', fields: [] }
  if (!args) {
    reply.type = 'exception'
    reply.fields = [{ id: 1, type: 'BINARY', value: `there is no ${call.name}` }, { id: 2, type: 'I32', value: 1 }]
  } else {
    var value = methods[call.name](fromThrift({ struct: args }, call.fields))
    if (value === undefined) {
      reply.fields = [{ id: 1, type: 'STRUCT', value: [{ id: 1, type: 'BINARY', value: 'no such user' }] }]
    } else if (result) {
      reply.fields = [{ id: 0, type: result.list ? 'LIST' : 'STRUCT', value: toThrift(result, value, 'result') }]
    }
  }
  return [new MessageStart, new MessageEnd(null, reply)]
}

export function runDemo(address) {
  pipy.listen(address, $=>$
    .decodeThrift()
    .replaceMessage(answer)
    .encodeThrift()
  )
}
