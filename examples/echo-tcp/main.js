// Sends every byte back, and logs what each connection has sent.
//
// Variables that begin with $ exist once per connection.

var $peer
var $bytes = 0

pipy.listen(os.env.PORT || 8000, $=>$
  .onStart(inbound => void ($peer = inbound.remoteAddress))
  .handleData(data => void ($bytes += data.size))
  .onEnd(() => console.log(`${$peer} sent ${$bytes} bytes`))
)
