// A REST service whose notes are in an SQLite database.

var db = sqlite(os.env.DB || 'notes.db')

db.exec(`
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
`)

var list = db.sql('SELECT id, text FROM notes ORDER BY id')
var find = db.sql('SELECT id, text FROM notes WHERE id = ?')
var add = db.sql('INSERT INTO notes (text) VALUES (?) RETURNING id, text')
var change = db.sql('UPDATE notes SET text = ? WHERE id = ? RETURNING id, text')
var remove = db.sql('DELETE FROM notes WHERE id = ? RETURNING id')

var collection = new http.Match('/notes')
var item = new http.Match('/notes/{id}')

function json(status, value) {
  return new Message({ status, headers: { 'content-type': 'application/json' } }, JSON.stringify(value) + '\n')
}

function one(rows, status = 200) {
  return rows.length ? json(status, rows[0]) : json(404, { error: 'no such note' })
}

function textOf(request) {
  var { text } = JSON.decode(request.body)
  if (typeof text !== 'string') throw new Error('text has to be a string')
  return text
}

function serve(request) {
  var { method, path } = request.head
  if (collection(path)) {
    if (method === 'GET') return json(200, list.exec())
    if (method === 'POST') return one(add.bind(1, textOf(request)).exec(), 201)
    return json(405, { error: 'GET or POST' })
  }
  var id = item(path)?.id
  if (id === undefined) return json(404, { error: 'no such resource' })
  if (method === 'GET') return one(find.bind(1, id).exec())
  if (method === 'PUT') return one(change.bind(1, textOf(request)).bind(2, id).exec())
  if (method === 'DELETE') return one(remove.bind(1, id).exec())
  return json(405, { error: 'GET, PUT or DELETE' })
}

pipy.listen(os.env.PORT || 8000, $=>$
  .serveHTTP(request => {
    try {
      return serve(request)
    } catch (e) {
      return json(400, { error: e.message })
    }
  })
)
