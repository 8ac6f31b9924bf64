// Two servers to try the proxy with: they tell what they were asked.

for (var address of ['127.0.0.1:8081', '[::1]:8081']) {
  pipy.listen(address, $=>$.serveHTTP(({ head: { method, path, headers } }) =>
    new Message(`${method} ${path} of ${headers.host}\n`)
  ))
}
