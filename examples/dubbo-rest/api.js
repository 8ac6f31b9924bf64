// The methods of a Dubbo service, and the HTTP requests that stand for them.
//
// A type is int, long, double, boolean or string, { list: TYPE }, or { class, fields } for an object. Arguments come in order, from
// the path and the JSON body. Classes of exceptions have the status that a client gets; of others it gets 502.

var service = { path: 'demo.Users', version: '1.0.0' }

var Profile = { class: 'demo.Profile', fields: { age: 'int', tags: { list: 'string' } } }

export var routes = [
  { ...service, method: 'GET', url: '/users', call: 'all', args: [] },
  { ...service, method: 'POST', url: '/users', call: 'add', args: [['name', 'string'], ['profile', Profile]], status: 201 },
  { ...service, method: 'GET', url: '/users/{id}', call: 'get', args: [['id', 'long']], throws: { 'demo.NotFound': 404 } },
  { ...service, method: 'DELETE', url: '/users/{id}', call: 'remove', args: [['id', 'long']], throws: { 'demo.NotFound': 404 } },
]
