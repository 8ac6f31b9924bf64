// Messages are decoded, looked at, and encoded again: weir resp.js --args PORT
var last

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .decodeRESP()
  .handleMessage(msg => void (last = msg.payload))
  .encodeRESP()
)
