// A chain of plugins. Each is a module with an entrance pipeline; chain() inside it stands for the plugins after it.
// Variables exported under a name space are shared by all plugins that import them, once per request.

pipy()

.export('main', {
  __service: null,
  __user: null,
})

.listen(Number(os.env.PORT || 8000))
  .demuxHTTP().to($=>$
    .chain([
      'plugins/log.js',
      'plugins/route.js',
      'plugins/auth.js',
      'plugins/answer.js',
    ])
  )
