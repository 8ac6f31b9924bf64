// The service, as its IDL says, and the HTTP requests that stand for its methods:
//
//   struct User { 1: i64 id, 2: string name, 3: list<string> tags, 4: map<string, double> scores }
//   exception NotFound { 1: string error }
//   service Users {
//     User get(1: i64 id) throws (1: NotFound missing)
//     User add(1: string name, 2: list<string> tags, 3: map<string, double> scores)
//     list<User> all()
//     void remove(1: i64 id) throws (1: NotFound missing)
//   }
//
// A type is the name of a simple one, or { list }, { set }, { map: [key, value] }, { struct: { name: [id, type] } }.

var User = {
  struct: {
    id: [1, 'I64'],
    name: [2, 'BINARY'], // string and binary are the same on the wire
    tags: [3, { list: 'BINARY' }],
    scores: [4, { map: ['BINARY', 'DOUBLE'] }],
  },
}

var NotFound = { struct: { error: [1, 'BINARY'] } }

// Arguments come from the path and the JSON body. Those with a third element may be left out.
export var routes = [
  { method: 'GET', path: '/users', call: 'all', args: {}, result: { list: User } },
  {
    method: 'POST', path: '/users', call: 'add', result: User, status: 201,
    args: { name: [1, 'BINARY'], tags: [2, { list: 'BINARY' }, 'optional'], scores: [3, { map: ['BINARY', 'DOUBLE'] }, 'optional'] },
  },
  {
    method: 'GET', path: '/users/{id}', call: 'get', result: User,
    args: { id: [1, 'I64'] }, throws: { 1: { status: 404, type: NotFound } },
  },
  {
    method: 'DELETE', path: '/users/{id}', call: 'remove',
    args: { id: [1, 'I64'] }, throws: { 1: { status: 404, type: NotFound } },
  },
]
