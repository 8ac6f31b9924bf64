// Elements of a kernel map are read and written by a script: weir elements.js --args PORT. GET /lookup and /update make so many
// calls and answer with their number.
var type = new CStruct({ a: 'uint32', b: 'uint32', c: 'uint32', d: 'uint32' })
var map = new bpf.Map({ type: 'hash', keyType: type, valueType: type, maxEntries: 1024 })
var key = { a: 1, b: 2, c: 3, d: 4 }
var value = { a: 5, b: 6, c: 7, d: 8 }
var calls = 20000

map.update(key, value)

var work = {
  '/lookup': () => { for (var i = 0; i < calls; i++) if (map.lookup(key).d !== 8) throw new Error('wrong value') },
  '/update': () => { for (var i = 0; i < calls; i++) map.update(key, value) },
}

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .serveHTTP(req => (work[req.head.path](), new Message(String(calls))))
)
