// Reads config.yml, and reads it again whenever it has changed.

var FILE = 'config.yml'

export function readConfig() {
  var doc = YAML.decode(pipy.load(FILE))
  var health = doc?.health || {}
  return {
    listen: port('listen', doc?.listen),
    upstreams: list(doc?.upstreams).map(address),
    health: {
      path: health.path || '/',
      interval: seconds('health.interval', health.interval || 5),
      timeout: seconds('health.timeout', health.timeout || 1),
    },
    demo: list(doc?.demo).map(p => port('demo', p)),
  }
}

// Calls apply with every new version of the file. A version with a mistake in it changes nothing.
export async function followConfig(apply) {
  var changed = pipy.watch(FILE)
  for (;;) {
    await changed
    changed = pipy.watch(FILE) // before reading, so that no change is missed
    try {
      apply(readConfig())
      console.log(`${FILE} has changed and is in effect`)
    } catch (error) {
      console.error(`${FILE} has changed but is not used: ${error.message}`)
    }
  }
}

function list(value) {
  return value || []
}

// YAML scalars arrive as strings.

function port(name, value) {
  var n = Number(value)
  if (!(n >= 1 && n <= 65535 && n % 1 === 0)) throw new Error(`${name}: ${value} is not a port number`)
  return n
}

function seconds(name, value) {
  var n = Number(value)
  if (!(n > 0)) throw new Error(`${name}: ${value} is not a number of seconds`)
  return n
}

function address(value) {
  if (!/^.+:\d+$/.test(value)) throw new Error(`upstreams: ${value} has to be HOST:PORT`)
  return value
}
