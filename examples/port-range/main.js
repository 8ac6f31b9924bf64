// One listener that answers a whole range of ports.

var [first, last] = (os.env.RANGE || '20000-29999').split('-').map(Number)
var object = bpf.object(pipy.load('range.o'), { variables: { first, last } }).load()

// To a connection it looks as if somebody listened on the port that the client wanted.
var listener = pipy.listen(`[::]:${os.env.PORT || 8000}`, $=>$
  .onStart(inbound => [new Data(`This is port ${inbound.localPort}.\n`), new StreamEnd])
)

// There is no socket where weir only checks the script.
if (listener.fd) object.map('listener').update({ i: 0 }, listener)

// The program is detached when weir ends, whatever way that happens.
object.program('port_range').attach({ netns: 'self' })

console.log(`Answering ports ${first} to ${last}`)
