// What a container runs that was not told what to run: it answers every HTTP request with the request.
pipy.listen(8080, $=>$
  .serveHTTP(req => new Message(
    { headers: { 'content-type': 'text/plain' } },
    `${req.head.method} ${req.head.path}\n` + Object.entries(req.head.headers).map(([k, v]) => `${k}: ${v}\n`).join('') + '\n' + (req.body?.toString() ?? '')
  ))
)
