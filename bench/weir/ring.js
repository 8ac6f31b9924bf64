// Events of a kernel program, 64 bytes each, one callback each: weir ring.js --args PORT. The load attaches the program to nothing,
// it runs it. GET /map answers with the number of the ring buffer, /taken with that of the events seen.
var ring = new bpf.Map({ type: 'ringbuf', maxEntries: 1 << 22 })
var taken = 0

ring.listen($=>$.handleData(d => {
  if (d.size !== 64) throw new Error('wrong event')
  taken++
}))

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .serveHTTP(req => new Message(String(req.head.path === '/map' ? ring.id : taken)))
)
