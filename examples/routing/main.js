// Sends each request to the upstream that routes.yml names for its host and path.

import './demo.js' // stand-in upstreams; not needed with real ones

var routes = new algo.URLRouter(YAML.decode(pipy.load('routes.yml')))

var $upstream

function page(status, text) {
  return [new MessageStart({ status, headers: { 'content-type': 'text/plain' } }), new Data(text + '\n')]
}

// What weir itself answers for an upstream that failed has no headers.
function isFailure({ status, headers }) {
  return (status === 502 || status === 504) && Object.keys(headers || {}).length === 0
}

var forward = pipeline($=>$
  .muxHTTP(() => $upstream).to($=>$
    .connect(() => $upstream, { connectTimeout: 3 })
  )
  .replaceMessageStart(res => isFailure(res.head) ? page(res.head.status, 'The upstream does not answer.') : res)
)

var notFound = pipeline($=>$
  .replaceData()
  .replaceMessageStart(() => page(404, 'No route leads here.'))
)

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP().to($=>$
    .handleMessageStart(({ head }) => void ($upstream = routes.find(head.headers.host, head.path)))
    .pipe(() => $upstream ? forward : notFound)
  )
)
