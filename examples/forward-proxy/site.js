// A web server to go to through the proxy.

pipy.listen('127.0.0.1:8081', $=>$
  .serveHTTP(({ head }) => new Message(`${head.method} ${head.path} of ${head.headers.host}\n`))
)
