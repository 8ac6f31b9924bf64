// The HTTP API of the admin service.

const encode = path => path.split('/').map(encodeURIComponent).join('/')

async function request(method, path, body) {
  const response = await fetch(path, { method, body, headers: { accept: 'application/json, text/plain' } })
  const text = await response.text()
  if (!response.ok) {
    const error = new Error(`${method} ${path}: ${text.trim() || response.statusText || response.status}`)
    error.status = response.status
    error.detail = text.trim()
    throw error
  }
  return text
}

const get = path => request('GET', path)
const json = async path => JSON.parse(await get(path))

// codebases returns the paths of all codebases, null if this process has no repo.
export async function codebases() {
  try {
    return (await get('/api/v1/repo')).split('\n').filter(Boolean)
  } catch (e) {
    if (e.status === 404 || e.status === 405) return null
    throw e
  }
}

export const createCodebase = (path, options = {}) => request('POST', '/api/v1/repo' + encode(path), JSON.stringify(options))

// A source is a codebase whose files are edited: info() returns { main, readOnly, files: Map(path → state) } with states own,
// edited, inherited and erased, and for codebases of a repo version, base, derived and instances.

export class LocalSource {
  path = '/'
  isRepo = false
  async info() {
    const { main, files, readOnly } = await json('/api/v1/files')
    return { main, readOnly, files: new Map(files.map(f => [f, 'own'])), derived: [], instances: {} }
  }
  read(file) { return get('/api/v1/files' + encode(file)) }
  write(file, text) { return request('POST', '/api/v1/files' + encode(file), text) }
  remove(file) { return request('DELETE', '/api/v1/files' + encode(file)) }
  setMain(main) { return request('PATCH', '/api/v1/files', JSON.stringify({ main })) }
}

export class RepoSource {
  isRepo = true
  constructor(path) { this.path = path }
  #url = (file = '') => '/api/v1/repo' + (file ? '-files' : '') + encode(this.path + file)
  async info() {
    const info = await json(this.#url())
    const files = new Map()
    for (const f of info.baseFiles ?? []) files.set(f, 'inherited')
    for (const f of info.files ?? []) files.set(f, 'own')
    for (const f of info.erasedFiles ?? []) files.set(f, 'erased')
    for (const f of info.editFiles ?? []) files.set(f, 'edited')
    return { main: info.main, version: info.version, base: info.base, derived: info.derived ?? [], instances: info.instances ?? {}, readOnly: false, files }
  }
  read(file) { return get(this.#url(file)) }
  write(file, text) { return request('POST', this.#url(file), text) }
  remove(file) { return request('DELETE', this.#url(file)) }
  reset(file) { return request('PATCH', this.#url(file)) }
  // setMain is a commit without a version that the service makes of what is pending, too.
  setMain(main) { return request('PATCH', this.#url(), JSON.stringify({ main })) }
  commitFiles() { return request('PATCH', this.#url(), '{}') }
  publish(version) { return request('PATCH', this.#url(), JSON.stringify({ version })) }
  delete() { return request('DELETE', this.#url()) }
}

export const program = {
  current: () => get('/api/v1/program'),
  start: path => request('POST', '/api/v1/program', path),
  restart: path => request('PATCH', '/api/v1/program', path),
  stop: () => request('DELETE', '/api/v1/program'),
}

export const graph = async text => JSON.parse(await request('POST', '/api/v1/graph', text))
export const names = () => json('/ui/names.json')
export const status = () => json('/api/v1/status')
export const metrics = (uuid, name = '') =>
  json('/api/v1/metrics' + (uuid ? '/' + encodeURIComponent(uuid) + '/' : name ? '/' : '') + encodeURIComponent(name))

// watchLog follows a log: reset is called with the history whenever a connection is made, then add with each record. It
// connects again after five seconds, until the function it returns is called.
export function watchLog(uuid, name, { reset, add, state }) {
  const url = location.origin.replace(/^http/, 'ws') + '/api/v1/log/' + encodeURIComponent(uuid) + '/' + encodeURIComponent(name)
  let socket, timer, ended = false
  const connect = () => {
    let first = true
    socket = new WebSocket(url)
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => { socket.send('watch\n'); state?.(true) }
    socket.onmessage = ({ data }) => {
      const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
      if (first) reset(text)
      else add(text)
      first = false
    }
    socket.onclose = () => {
      if (ended) return
      state?.(false)
      timer = setTimeout(connect, 5000)
    }
  }
  connect()
  return () => { ended = true; clearTimeout(timer); socket.close() }
}
