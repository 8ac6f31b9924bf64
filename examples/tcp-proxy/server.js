// A server to try the proxy with: weir server.js -- PORT NAME

var [, port = 8081, name = 'blue'] = pipy.argv

pipy.listen(`127.0.0.1:${port}`, $=>$
  .replaceData(data => new Data(`${name} got ${data}`))
)
