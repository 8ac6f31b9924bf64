// A gateway that lets requests through that have a valid JSON Web Token (RFC 7519), with metrics and an access log.

import { authenticate } from './auth.js'

var upstream = os.env.UPSTREAM || '127.0.0.1:8081'

// The first rule whose prefix fits says which scope a token needs; none means that any valid token will do.
var rules = [
  { prefix: '/admin', scope: 'admin' },
  { prefix: '/', scope: null },
]

var requests = new stats.Counter('gateway_requests_total', ['status', 'refused'])
var seconds = new stats.Histogram('gateway_request_seconds', [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])
var accessLog = new logging.JSONLogger('access').toFile('access.log', { maxFileSize: '100m', maxFileCount: 10 })

var $client
var $request // head of the current request
var $begin
var $subject
var $refusal // { status, error, text }, null if the request goes to the upstream

// The path without query, or undefined if the upstream might take it for another one than the rules do.
function plainPath(target) {
  var path = target.split('?')[0]
  if (path.startsWith('/') && !/\/\/|\/\.\.?(\/|$)|[\\%;]/.test(path)) return path
}

function check({ path, headers }) {
  $subject = null
  delete headers['x-auth-subject'] // whatever a client claims
  var clean = plainPath(path)
  if (!clean) return { status: 400, text: 'This path is not allowed.' }
  var { error, claims } = authenticate(headers.authorization)
  if (error) return { status: 401, error: headers.authorization ? 'invalid_token' : '', text: error }
  $subject = claims.sub
  var { scope } = rules.find(r => clean === r.prefix || clean.startsWith(r.prefix.endsWith('/') ? r.prefix : r.prefix + '/'))
  if (scope && !String(claims.scope || '').split(' ').includes(scope)) {
    return { status: 403, error: 'insufficient_scope', text: `The token lacks the scope ${scope}.` }
  }
  headers['x-auth-subject'] = $subject
  delete headers.authorization // the upstream has no use for the token
  return null
}

function refuse() {
  var { status, error, text } = $refusal
  var headers = { 'content-type': 'text/plain' }
  if (status !== 400) headers['www-authenticate'] = error ? `Bearer error="${error}"` : 'Bearer'
  return new Message({ status, headers }, text + '\n')
}

function finished(status) {
  var time = (pipy.performance.now() - $begin) / 1000
  requests.withLabels(status, $refusal ? 'yes' : 'no').increase()
  seconds.observe(time)
  accessLog.log({
    client: $client, subject: $subject, method: $request.method, path: $request.path.split('?')[0], status,
    seconds: time, time: new Date().toISOString(),
  })
}

pipy.listen(os.env.PORT || 8000, $=>$
  .onStart(inbound => void ($client = inbound.remoteAddress))
  .demuxHTTP().to($=>$
    .handleMessageStart(({ head }) => {
      $begin = pipy.performance.now()
      $request = head
      $refusal = check(head)
    })
    .pipe(() => $refusal ? 'refuse' : 'forward', {
      refuse: $=>$.replaceData().replaceMessage(refuse),
      forward: $=>$.muxHTTP().to($=>$.connect(upstream, { connectTimeout: 3 })),
    })
    .handleMessageStart(({ head }) => finished(head.status))
  )
)

// What Prometheus scrapes. It should not be reachable from outside.
pipy.listen('127.0.0.1:8090', $=>$.serveHTTP(stats.scrape))

// With DEMO=1, a service to try it with.
if (os.env.DEMO) {
  pipy.listen(upstream, $=>$.serveHTTP(({ head: { path, headers } }) => new Message(`${path} for ${headers['x-auth-subject']}\n`)))
}
