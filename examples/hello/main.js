// Answers every HTTP request with one line of text.

pipy.listen(os.env.PORT || 8000, $=>$
  .serveHTTP(req => new Message(
    { status: 200, headers: { 'content-type': 'text/plain' } },
    `Hello from ${req.head.path}\n`
  ))
)
