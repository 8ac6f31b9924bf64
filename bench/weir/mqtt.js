// Messages are decoded, looked at, and encoded again: weir mqtt.js --args PORT
var last

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .decodeMQTT()
  .handleMessage(msg => void (last = msg.head.type))
  .encodeMQTT()
)
