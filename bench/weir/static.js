// One callback per request: weir static.js --args PORT
pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .serveHTTP(req => new Message(
    { status: 200, headers: { 'content-type': 'text/plain' } },
    'Hello, world!\n'
  ))
)
