// A bridge from REST to a Dubbo service: JSON comes in by HTTP, a call goes to the backend. What is called by what is in api.js.

import { routes } from './api.js'
import { ConversionError, descriptor, toHessian, fromHessian } from './convert.js'
import { requestMessage, readResponse } from './dubbo.js'
import { runDemo } from './demo.js'

var backend = os.env.BACKEND || '127.0.0.1:8081'

var matchers = routes.map(route => ({ ...route, match: new http.Match(route.url) }))
var requestID = 0

var $route // of the current call
var $requestID
var $done  // the response is out

function json(status, value, headers) {
  $done = true
  return new Message({ status, headers: { 'content-type': 'application/json', ...headers } }, JSON.stringify(value) + '\n')
}

// A request becomes a call, or its response if it is none.
function begin({ head: { method, path }, body }) {
  $done = false
  var fits = matchers.map(route => ({ route, params: route.match(path.split('?')[0]) })).filter(f => f.params)
  if (!fits.length) return json(404, { error: 'no such resource' })
  var found = fits.find(f => f.route.method === method)
  if (!found) return json(405, { error: 'wrong method' }, { allow: fits.map(f => f.route.method).join(', ') })
  $route = found.route
  try {
    var values = { ...readBody(body), ...found.params }
    var args = $route.args.map(([name, type]) => toHessian(type, values[name], name))
  } catch (error) {
    if (error instanceof ConversionError) return json(400, { error: error.message })
    throw error
  }
  $requestID = ++requestID
  return requestMessage($requestID, $route, $route.args.map(([, type]) => descriptor(type)), args)
}

function readBody(body) {
  if (!body?.size) return {}
  try {
    var value = JSON.decode(body)
  } catch {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ConversionError('the body has to be a JSON object')
  return value
}

function badGateway(reason) {
  console.error(`${$route.path}.${$route.call}: ${reason}`)
  return json(502, { error: 'the backend has failed' })
}

function finish(response) {
  if (Number(response.head.requestID) !== $requestID) return badGateway('the answer is for another call')
  var { value, exception, failure } = readResponse(response)
  if (failure) return badGateway(failure)
  if (exception) {
    var status = $route.throws?.[exception.type]
    var text = exception.elements?.detailMessage
    return status ? json(status, { error: text }) : badGateway(`${exception.type}: ${text}`)
  }
  try {
    return value === null ? new Message({ status: 204 }) : json($route.status || 200, fromHessian(value))
  } catch (error) {
    return badGateway(error.message)
  }
}

var call = pipeline($=>$
  .mux(() => 'backend', { maxIdle: 30 }).to($=>$
    .encodeDubbo()
    .connect(backend, { connectTimeout: 3, readTimeout: 40 })
    .decodeDubbo()
    .replaceMessage(msg => msg.head.isRequest || msg.head.isEvent ? undefined : msg) // heartbeats of the backend
  )
  .replaceMessage(finish)
  .replaceStreamEnd(end => $done ? end : [badGateway(`the backend does not answer: ${end.error || 'it has closed the connection'}`), end])
)

var respond = pipeline($=>$)

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP({ maxBodySize: '1m' }).to($=>$
    .replaceMessage(begin)
    .pipe(() => $done ? respond : call)
  )
)

if (os.env.DEMO) runDemo(backend)
