// Reads policy.yml, and reads it again whenever it has changed.

var FILE = 'policy.yml'

export function readPolicy() {
  var doc = YAML.decode(pipy.load(FILE))
  var { listen, broker, maxMessageSize } = doc || {}
  if (!(Number(listen) >= 1 && Number(listen) <= 65535)) throw new Error(`listen: ${listen} is not a port number`)
  if (!/^.+:\d+$/.test(broker)) throw new Error(`broker: ${broker} has to be HOST:PORT`)
  var users = new Map(Object.entries(doc.users || {}).map(([name, rules]) => [name, {
    publish: filters(name, rules, 'publish'),
    subscribe: filters(name, rules, 'subscribe'),
  }]))
  return {
    listen, broker,
    maxMessageSize: maxMessageSize || '1m',
    // The filters for a user ('' is anonymous) and action: the user's own, and those for all.
    permissions: (user, clientID, action) =>
      ['everybody', user || 'anonymous'].flatMap(name => users.get(name)?.[action] || []).flatMap(f => fill(f, user, clientID)),
  }
}

// Calls apply with every new version of the file. A version with a mistake in it changes nothing.
export async function followPolicy(apply) {
  var changed = pipy.watch(FILE)
  for (;;) {
    await changed
    changed = pipy.watch(FILE) // before reading, so that no change is missed
    try {
      apply(readPolicy())
      console.log(`${FILE} has changed and is in effect`)
    } catch (error) {
      console.error(`${FILE} has changed but is not used: ${error.message}`)
    }
  }
}

function filters(name, rules, action) {
  for (var key in rules || {}) {
    if (key !== 'publish' && key !== 'subscribe') throw new Error(`users: ${name}: ${key} is neither publish nor subscribe`)
  }
  var list = rules?.[action] || []
  if (!Array.isArray(list)) throw new Error(`users: ${name}: ${action} has to be a list`)
  return list.map(filter => {
    var levels = String(filter).split('/')
    if (levels.some((level, i) => /[+#]/.test(level) && level !== '+' && !(level === '#' && i === levels.length - 1))) {
      throw new Error(`users: ${name}: ${filter} is no topic filter`)
    }
    return filter
  })
}

// %u stands for the name of the user, %c for the ID of the client. A filter has no meaning for those whose name would change
// its levels.
function fill(filter, user, clientID) {
  var fits = true
  var filled = filter.replace(/%[uc]/g, mark => {
    var value = mark === '%u' ? user : clientID
    if (!value || /[+#/]/.test(value)) fits = false
    return value
  })
  return fits ? [filled] : []
}
