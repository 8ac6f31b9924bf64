// A JSON API in TypeScript: POST /tasks, GET /tasks/ID.

import { Store, type Task } from './store.ts'

enum Status {
  OK = 200,
  Created = 201,
  BadRequest = 400,
  NotFound = 404,
  MethodNotAllowed = 405,
}

interface RequestHead {
  method: string
  path: string
  headers: Record<string, string>
}

const tasks = new Store<Task>()
const taskPath = new http.Match('/tasks/{id}')

// One value per request. It is still there after an await, whatever other requests did in between.
var $user: string

function reply(status: Status, value: unknown) {
  const headers = { 'content-type': 'application/json' }
  return new Message({ status, headers }, JSON.stringify(value) + '\n')
}

async function create(body: string) {
  let title: unknown
  try {
    title = JSON.parse(body)?.title
  } catch {}
  if (typeof title !== 'string') return reply(Status.BadRequest, { error: 'a title is missing' })
  const id = await tasks.add({ title, owner: $user, done: false })
  return reply(Status.Created, { id, user: $user })
}

async function show(id: number) {
  const task = await tasks.get(id)
  return task ? reply(Status.OK, { ...task, user: $user }) : reply(Status.NotFound, { error: `no task ${id}` })
}

async function handle(head: RequestHead, body: string) {
  $user = head.headers['x-user'] ?? 'nobody'
  const match = taskPath(head.path) as { id: string } | null
  if (head.method === 'POST' && head.path === '/tasks') return create(body)
  if (head.method === 'GET' && match) return show(Number(match.id))
  if (match || head.path === '/tasks') return reply(Status.MethodNotAllowed, { error: `no ${head.method} here` })
  return reply(Status.NotFound, { error: `no ${head.path}` })
}

const api = pipeline($=>$
  .replaceMessage(req => handle(req.head, req.body.toString()))
)

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP().to(api)
)
