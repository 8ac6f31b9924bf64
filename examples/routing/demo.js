// Upstreams that say who they are. Port 8083 is left closed on purpose.

var names = { 8081: 'api', 8082: 'images' }

for (let [port, name] of Object.entries(names)) {
  pipy.listen(`127.0.0.1:${port}`, $=>$
    .serveHTTP(({ head }) => new Message(`${name} server: ${head.method} ${head.path}\n`))
  )
}
