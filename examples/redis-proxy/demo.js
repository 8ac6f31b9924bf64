// A primary and a replica that know GET, SET and INCR, with one store.

export function runDemo(...ports) {
  var store = new Map

  function answer([command, key, value]) {
    switch (command.toString().toLowerCase()) {
      case 'get': return store.get(key.toString()) ?? null
      case 'set': store.set(key.toString(), value); return 'OK'
      case 'incr':
        var n = Number(store.get(key.toString()) || 0) + 1
        store.set(key.toString(), new Data(String(n)))
        return n
    }
    return new Error(`ERR unknown command '${command}'`)
  }

  for (var port of ports) {
    pipy.listen(`127.0.0.1:${port}`, $=>$
      .decodeRESP()
      .replaceMessage(({ payload }) => [new MessageStart, new MessageEnd(null, answer(payload))])
      .encodeRESP()
    )
  }
}
