// What two gRPC servers would do that send every message back: streams of messages, then a status in the trailers.

for (let port of [8081, 8082]) {
  pipy.listen('127.0.0.1:' + port, $=>$
    .demuxHTTP().to($=>$
      .replaceMessageStart(() => new MessageStart({ status: 200, headers: { 'content-type': 'application/grpc', server: String(port) } }))
      .replaceMessageEnd(() => new MessageEnd({ headers: { 'grpc-status': '0' } }))
    )
  )
}
