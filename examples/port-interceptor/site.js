// Two servers to try it with: they tell who they are.

for (let port of [8081, 8082]) {
  pipy.listen(`[::]:${port}`, $=>$.serveHTTP(() => new Message(`This is port ${port}.\n`)))
}
