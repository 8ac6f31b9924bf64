// The bodies of Dubbo's messages: values of Hessian 2, one after the other.

export var OK = 20 // status of a response

var HESSIAN = 2

export function requestMessage(requestID, { path, version, call }, types, args) {
  var attachments = { path, interface: path, version }
  return new Message(
    { requestID, isRequest: true, isTwoWay: true, serializationType: HESSIAN },
    Hessian.encode(['2.0.2', path, version, call, types.join(''), ...args, { kind: 'map', elements: Object.entries(attachments) }])
  )
}

export function responseMessage(requestID, kind, ...value) {
  return new Message({ requestID, status: OK, serializationType: HESSIAN }, Hessian.encode([new Int('i32', kind), ...value]))
}

// What comes before the value of a response; those from 3 on have attachments after it.
export var EXCEPTION = 0, VALUE = 1, NULL = 2

// Returns { value } or { exception }, which is an object of Hessian, or { failure }, a text.
export function readResponse({ head, body }) {
  var [first, value] = Hessian.decode(body || new Data) || []
  if (head.status !== OK) return { failure: `status ${head.status}: ${first}` }
  switch (Number(first) % 3) {
    case EXCEPTION: return value?.kind === 'object' ? { exception: value } : { failure: `exception: ${value}` }
    case VALUE: return value === undefined ? { failure: 'the value of the response is malformed' } : { value }
    case NULL: return { value: null }
  }
  return { failure: 'the response is malformed' }
}
