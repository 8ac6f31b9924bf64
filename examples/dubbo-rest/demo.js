// A backend that keeps users in memory.

import { responseMessage, EXCEPTION, VALUE, NULL } from './dubbo.js'

var users = new Map
var ids = 0

function notFound() {
  return { kind: 'object', type: 'demo.NotFound', elements: { detailMessage: 'no such user' } }
}

function answer({ head, body }) {
  var [, , , method, , ...args] = Hessian.decode(body)
  var reply = (kind, ...value) => responseMessage(head.requestID, kind, ...value)
  switch (method) {
    case 'all': return reply(VALUE, { kind: 'list', elements: [...users.values()] })
    case 'add':
      var id = new Int('i64', ++ids)
      var user = { kind: 'object', type: 'demo.User', elements: { id, name: args[0], profile: args[1] } }
      users.set(ids, user)
      return reply(VALUE, user)
    case 'get':
      var user = users.get(Number(args[0]))
      return user ? reply(VALUE, user) : reply(EXCEPTION, notFound())
    case 'remove': return users.delete(Number(args[0])) ? reply(NULL) : reply(EXCEPTION, notFound())
  }
  return new Message({ ...head, isRequest: false, status: 40 }, Hessian.encode(`there is no method ${method}`))
}

export function runDemo(address) {
  pipy.listen(address, $=>$
    .decodeDubbo()
    .replaceMessage(answer)
    .encodeDubbo()
  )
}
