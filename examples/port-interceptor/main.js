// Has connections to some ports answered by others, on every interface. config.yml says which.

import { followLinks } from './links.js'

var FILE = 'config.yml'

var object = bpf.object(pipy.load('intercept.o')).load()
var ports = object.map('ports')

function readPorts() {
  var wanted = YAML.decode(pipy.load(FILE))?.ports || {}
  Object.entries(wanted).flat().forEach(port => {
    if (!(port >= 1 && port <= 65535 && port % 1 === 0)) throw new Error(`${port} is not a port number`)
  })
  return wanted
}

// Makes the map equal to the file. Keys and values of YAML are texts; the map takes them.
function setPorts(wanted) {
  ports.keys().filter(({ i }) => !(i in wanted)).forEach(key => ports.delete(key))
  Object.entries(wanted).forEach(([from, to]) => ports.update({ i: from }, { i: to }))
  console.log('Ports:', Object.entries(wanted).map(pair => pair.join(' -> ')).join(', ') || 'none')
}

async function followFile() {
  for (;;) {
    var changed = pipy.watch(FILE) // before reading, so that no change is missed
    try {
      setPorts(readPorts())
    } catch (e) {
      console.error(`${FILE} is not used: ${e.message}`)
    }
    await changed
  }
}

var attached = new Map // index of an interface → links

function added({ index, name }) {
  if (attached.has(index)) return
  try {
    attached.set(index, ['ingress', 'egress'].map(direction => object.program(direction).attach({ tc: index, direction })))
    console.log('Intercepting on', name)
  } catch (e) {
    console.error(`${name}: ${e.message}`)
  }
}

function removed({ index, name }) {
  if (!attached.has(index)) return
  attached.get(index).forEach(link => link.close())
  attached.delete(index)
  console.log('No longer on', name)
}

followFile()
followLinks(added, removed)
