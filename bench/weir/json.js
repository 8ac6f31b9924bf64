// A JSON document of 100 KB is parsed and printed by a script: weir json.js --args PORT. GET /parse and /print do it with the bytes
// that pipelines have, GET /parse-string and /print-string with strings. Each does so 50 times and answers with that number.
var list = []
for (var i = 0; i < 650; i++) list.push(
  '{"active":' + (i % 2 === 0) + ',"address":{"city":"Zürich","zip":' + i + '},"id":' + i + ',"name":"user \\"' + i +
  '\\"","parent":null,"path":"/users/' + i + '.html","score":' + i % 100 + '.5,"tags":["a","b","c"]}')
var text = '[' + list.join() + ']'
var data = new Data(text)
var value = JSON.parse(text)
var calls = 50

var times = (f, size) => () => {
  for (var i = 0; i < calls; i++) if (f() !== size) throw new Error('a wrong value')
}

var work = {
  '/parse': times(() => JSON.decode(data).length, list.length),
  '/print': times(() => JSON.encode(value).size, data.size),
  '/parse-string': times(() => JSON.parse(text).length, list.length),
  '/print-string': times(() => JSON.stringify(value).length, text.length),
}

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .serveHTTP(req => (work[req.head.path](), new Message(String(calls))))
)
