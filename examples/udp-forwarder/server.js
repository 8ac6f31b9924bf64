// A DNS server to try the forwarder with: it gives every query another address of a network.

var [port = 8053, network = '192.0.2'] = pipy.argv.slice(1)
var count = 0

pipy.listen('127.0.0.1:' + port, 'udp', $=>$
  .replaceData(query => {
    var bytes = query.toArray()
    return new Data([
      ...bytes.slice(0, 2), 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0, // the id; one answer to one question
      ...bytes.slice(12, bytes.indexOf(0, 12) + 5), // the question
      0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, // its name, A, IN, 60 seconds, four bytes:
      ...network.split('.').map(Number), ++count,
    ])
  })
)
