// One callback per request that gives a status and headers, too: weir static-head.js --args PORT
pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .serveHTTP(() => new Message({ status: 200, headers: { 'content-type': 'text/plain' } }, 'Hello, world!\n'))
)
