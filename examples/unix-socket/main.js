// An application that listens on a Unix socket, and a port that leads to it.

var path = os.env.SOCKET || '/tmp/weir-example.sock'
var $peer

// Only its owner and his group may connect. The system tells who does.
pipy.listen('unix:' + path, { mode: 0o660 }, $=>$
  .onStart(inbound => { $peer = inbound.peerCredentials })
  .serveHTTP(req => new Message(`${req.head.path} asked for by user ${$peer.uid}\n`))
)

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP().to($=>$
    .muxHTTP().to($=>$
      .connect('unix:' + path)
    )
  )
)
