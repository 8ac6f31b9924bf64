// What the speaker needs around it, to try it out: a router that prints the routes it learns, and a service.

function message(type, body) {
  return new Message(null, { type, body })
}

function answer({ type, body }) {
  switch (type) {
    case 'OPEN':
      return [message('OPEN', { ...body, identifier: '192.0.2.253' }), message('KEEPALIVE')]
    case 'KEEPALIVE':
      return new Timeout(0.3).wait().then(() => message('KEEPALIVE'))
    case 'UPDATE':
      var v6 = body.pathAttributes.find(a => a.name === 'MP_REACH_NLRI' || a.name === 'MP_UNREACH_NLRI').value
      var path = body.pathAttributes.find(a => a.name === 'AS_PATH')
      if (path) console.log(`router: learned ${[...body.destinations, ...v6.destinations].join(', ')} with path ${path.value[0].join(' ')}`)
      else console.log(`router: lost ${[...body.withdrawnRoutes, ...v6.withdrawnRoutes].join(', ')}`)
  }
}

export function runDemo() {
  pipy.listen('127.0.0.1:8079', $=>$
    .decodeBGP({ enableAS4: true })
    .replaceMessage(({ payload }) => answer(payload))
    .encodeBGP({ enableAS4: true })
  )

  var status = 200
  pipy.listen('127.0.0.1:8080', $=>$
    .serveHTTP(({ head: { path } }) => {
      if (path === '/break') status = 503
      if (path === '/mend') status = 200
      return new Message({ status }, `status ${status}\n`)
    })
  )
}
