// Serves the folder www, as "root www; index index.html;" does in nginx.

var www = new http.Directory('/www', {
  index: ['index.html'],
  contentTypes: { ...http.Directory.defaultContentTypes, md: 'text/markdown' },
  compression: (head, accepts, path, size) => accepts.gzip && size > 1000 ? 'gzip' : null,
})

var text = { 'content-type': 'text/plain' }

pipy.listen(os.env.PORT || 8000, $=>$
  .serveHTTP(req => {
    var method = req.head.method
    if (method !== 'GET' && method !== 'HEAD') {
      return new Message({ status: 405, headers: { ...text, allow: 'GET, HEAD' } }, 'Only GET and HEAD here.\n')
    }
    return www.serve(req) || new Message({ status: 404, headers: text }, 'There is no such file.\n')
  })
)
