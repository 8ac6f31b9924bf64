// gRPC passed on over HTTP/2 both ways: weir grpc.js --args PORT TARGET
var target = pipy.argv[2]

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .demuxHTTP().to($=>$
    .muxHTTP(() => target, { version: 2 }).to($=>$
      .connect(target)
    )
  )
)
