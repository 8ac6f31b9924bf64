// One callback per request: weir static.js --args PORT
pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .serveHTTP(() => new Message('Hello, world!\n'))
)
