// Serves the folder www, as "root www; index index.html;" does in nginx.

var www = new http.Directory('/www', {
  index: ['index.html'],
  redirect: true, // from /docs to /docs/
  methods: true, // 405 for all but GET and HEAD
  cacheControl: 'max-age=60',
  compression: (head, accepts, path, size) => accepts.gzip && size > 1000 ? 'gzip' : null,
})

pipy.listen(os.env.PORT || 8000, $=>$
  .serveHTTP(req => www.serve(req) ||
    new Message({ status: 404, headers: { 'content-type': 'text/plain' } }, 'There is no such file.\n'))
)
