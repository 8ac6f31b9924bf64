// A bridge from REST to a Thrift service: JSON comes in by HTTP, a call goes to the backend. What is called by what is in api.js.

import { routes } from './api.js'
import { toThrift, fromThrift, toStruct, ConversionError } from './convert.js'
import { runDemo } from './demo.js'

var backend = os.env.BACKEND || '127.0.0.1:8081'
var protocol = os.env.PROTOCOL || 'binary' // or compact
var framed = os.env.FRAMED !== '0'         // a length before each message, as most servers want it

var matchers = routes.map(route => ({ ...route, match: new http.Match(route.path) }))
var seqID = 0

var $route // of the current call
var $seqID
var $done  // the response is out

function json(status, value, headers) {
  $done = true
  return new Message({ status, headers: { 'content-type': 'application/json', ...headers } }, JSON.stringify(value) + '\n')
}

// A request becomes a call, or its response if it is none: that has a head.
function begin({ head: { method, path }, body }) {
  $done = false
  var fits = matchers.map(route => ({ route, params: route.match(path.split('?')[0]) })).filter(f => f.params)
  if (!fits.length) return json(404, { error: 'no such resource' })
  var found = fits.find(f => f.route.method === method)
  if (!found) return json(405, { error: 'wrong method' }, { allow: fits.map(f => f.route.method).join(', ') })
  $route = found.route
  try {
    var fields = toStruct($route.args, { ...readBody(body), ...found.params })
  } catch (error) {
    if (error instanceof ConversionError) return json(400, { error: error.message })
    throw error
  }
  $seqID = seqID = (seqID + 1) & 0x7fffffff
  return [new MessageStart, new MessageEnd(null, { protocol, framed, type: 'call', seqID: $seqID, name: $route.call, fields })]
}

function readBody(body) {
  if (!body?.size) return {}
  try {
    var value = JSON.decode(body)
  } catch {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ConversionError('the body has to be a JSON object')
  return value
}

function finish({ payload: reply }) {
  if (reply.seqID !== $seqID) return json(502, { error: 'the backend answered another call' })
  if (reply.type === 'exception') {
    var message = reply.fields.find(f => f.id === 1)?.value // of a TApplicationException
    console.error(`${$route.call}: ${message}`)
    return json(502, { error: 'the backend has failed' })
  }
  var field = reply.fields[0]
  if (!field) return $route.result ? json(502, { error: 'the backend gave no result' }) : new Message({ status: 204 })
  if (field.id === 0) return json($route.status || 200, fromThrift($route.result, field.value))
  var { status, type } = $route.throws?.[field.id] || { status: 502 }
  return json(status, type ? fromThrift(type, field.value) : { error: 'the backend has failed' })
}

var call = pipeline($=>$
  .mux(() => 'backend').to($=>$
    .encodeThrift()
    .connect(backend, { connectTimeout: 3, readTimeout: 10 })
    .decodeThrift({ maxMessageSize: '16m' })
  )
  .replaceMessage(finish)
  .replaceStreamEnd(end => $done ? end : [json(502, { error: 'the backend does not answer' }), end])
)

var respond = pipeline($=>$)

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP({ maxBodySize: '1m' }).to($=>$
    .replaceMessage(begin)
    .pipe(() => $done ? respond : call)
  )
)

if (os.env.DEMO) runDemo(backend)
