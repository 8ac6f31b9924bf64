// Sends the body of each request back as the body of the response.
//
// Only the head is exchanged for another one. The body flows through piece by piece,
// so an upload of any size is echoed without being kept in memory.

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP().to($=>$
    .replaceMessageStart(({ head }) => new MessageStart({
      status: 200,
      headers: {
        'content-type': head.headers['content-type'] || 'application/octet-stream',
        'x-request': `${head.method} ${head.path}`,
      },
    }))
  )
)
