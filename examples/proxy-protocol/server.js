// An upstream to try it with.

pipy.listen('127.0.0.1:8081', $=>$
  .serveHTTP(({ head: { headers } }) => new Message(`the client is ${headers['x-forwarded-for']}\n`))
)
