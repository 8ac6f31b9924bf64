// A gateway that counts requests by route and status, measures how long they take, and writes an access log.

var requests = new stats.Counter('gateway_requests_total', ['route', 'status'])
var seconds = new stats.Histogram('gateway_request_seconds', [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5], ['route'])
var accessLog = new logging.JSONLogger('access').toFile('access.log', { maxFileSize: '100m', maxFileCount: 10 })

var routes = {
  '/api': '127.0.0.1:8081',
  '/web': '127.0.0.1:8082',
}

var $client
var $head
var $begin
var $route

function finished(status) {
  requests.withLabels($route, status).increase()
  seconds.withLabels($route).observe((pipy.performance.now() - $begin) / 1000)
  accessLog.log({
    client: $client, method: $head.method, path: $head.path, status, time: new Date().toISOString(),
  })
}

pipy.listen(os.env.PORT || 8000, $=>$
  .onStart(inbound => void ($client = inbound.remoteAddress))
  .demuxHTTP().to($=>$
    .handleMessageStart(({ head }) => {
      $head = head
      $begin = pipy.performance.now()
      $route = Object.keys(routes).find(r => head.path.startsWith(r)) || 'none'
    })
    .pipe(() => $route === 'none' ? 'notFound' : 'proxy', {
      proxy: $=>$.muxHTTP(() => $route).to($=>$.connect(() => routes[$route])),
      notFound: $=>$.replaceMessage(() => new Message({ status: 404 }, 'No such route.\n')),
    })
    .handleMessageStart(({ head }) => finished(head.status))
  )
)

// What Prometheus scrapes. It should not be reachable from outside.
pipy.listen('127.0.0.1:8090', $=>$.serveHTTP(stats.scrape))

// Two services to try it with.
pipy.listen('127.0.0.1:8081', $=>$.serveHTTP(() => new Message('api\n')))
pipy.listen('127.0.0.1:8082', $=>$.serveHTTP(() => new Message('web\n')))
