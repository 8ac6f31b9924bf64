// A realistic share of script work per request: read the head, find the route, check a token, count per client,
// build a small JSON answer. weir --threads=N scaling.js --args PORT
var routes = [
  { prefix: '/api/users', service: 'users', weight: 3 },
  { prefix: '/api/orders', service: 'orders', weight: 2 },
  { prefix: '/api', service: 'gateway', weight: 1 },
  { prefix: '/', service: 'web', weight: 1 },
]
var hits = {}

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .serveHTTP(req => {
    var head = req.head
    var headers = head.headers
    var [path, search] = head.path.split('?')
    var route = routes.find(r => path.startsWith(r.prefix))
    var query = {}
    if (search) {
      search.split('&').forEach(pair => {
        var [k, v] = pair.split('=')
        query[k] = v
      })
    }
    var key = `${route.service}:${headers.host}`
    hits[key] = (hits[key] || 0) + 1
    var body = JSON.stringify({
      service: route.service,
      method: head.method,
      segments: path.split('/').filter(s => s.length > 0),
      query,
      hits: hits[key],
    })
    return new Message({
      status: 200,
      headers: { 'content-type': 'application/json', 'x-service': route.service },
    }, body)
  })
)
