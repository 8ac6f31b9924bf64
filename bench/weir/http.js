// Messages are decoded, looked at, and encoded again: weir http.js --args PORT
var last

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .decodeHTTPRequest()
  .handleMessage(msg => void (last = msg.head.method))
  .encodeHTTPRequest()
)
