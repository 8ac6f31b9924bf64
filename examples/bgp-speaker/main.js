// A BGP speaker: it announces addresses to a router for as long as the service behind them is healthy.

import { runDemo } from './demo.js'

var config = JSON.decode(pipy.load('config.json'))
var healthy = false // what the last health check said

async function keepChecking() {
  var agent = new http.Agent(config.health, { connectTimeout: 1, readTimeout: 1 })
  while (true) {
    var status = await agent.request('GET', '/', { connection: 'close' }).then(res => res.head.status, () => 0)
    if (healthy !== (status === 200)) {
      healthy = !healthy
      console.log(`the service is ${healthy ? 'healthy' : 'down'}`)
    }
    await new Timeout(0.5).wait()
  }
}

function message(type, body) {
  return new Message(null, { type, body })
}

// Numbers of 16 and 32 bits as the bytes of a capability.
function bytes(...numbers) {
  return new Data(numbers.flatMap(n => n > 0xffff || numbers.length === 1 ? [n >>> 24, n >> 16 & 255, n >> 8 & 255, n & 255] : [n >> 8, n & 255]))
}

function open() {
  return message('OPEN', {
    myAS: 23456, // stands for a number of 4 bytes, which is in capability 65
    holdTime: config.holdTime,
    identifier: config.id,
    parameters: [{
      name: 'Capabilities',
      value: [
        { code: 1, value: bytes(1, 1) }, // routes of IPv4 unicast
        { code: 1, value: bytes(2, 1) }, // routes of IPv6 unicast
        { code: 65, value: bytes(config.as) },
      ],
    }],
  })
}

function announce({ 4: v4, 6: v6 }) {
  return message('UPDATE', {
    pathAttributes: [
      { name: 'ORIGIN', transitive: true, value: 0 },
      { name: 'AS_PATH', transitive: true, value: [[config.as]] },
      { name: 'NEXT_HOP', transitive: true, value: v4.nextHop },
      { name: 'COMMUNITIES', optional: true, transitive: true, value: ['65001:100'] },
      { name: 'LARGE_COMMUNITIES', optional: true, transitive: true, value: [`${config.as}:1:2`] },
      { name: 'MP_REACH_NLRI', optional: true, value: { afi: 2, safi: 1, nextHops: [v6.nextHop], destinations: v6.destinations } },
    ],
    destinations: v4.destinations,
  })
}

function withdraw({ 4: v4, 6: v6 }) {
  return message('UPDATE', {
    withdrawnRoutes: v4.destinations,
    pathAttributes: [
      { name: 'MP_UNREACH_NLRI', optional: true, value: { afi: 2, safi: 1, withdrawnRoutes: v6.destinations } },
    ],
  })
}

var $announced = false

// What goes out in answer to a message of the router. A router sends KEEPALIVE three times within the hold time.
function answer({ type, body }) {
  switch (type) {
    case 'OPEN':
      return message('KEEPALIVE')
    case 'KEEPALIVE':
      if (healthy === $announced) return message('KEEPALIVE')
      $announced = healthy
      console.log(healthy ? 'announcing' : 'withdrawing')
      return [message('KEEPALIVE'), healthy ? announce(config.routes) : withdraw(config.routes)]
    case 'UPDATE':
      var reach = (body.pathAttributes || []).find(a => a.name === 'MP_REACH_NLRI')
      var routes = [...body.destinations || [], ...reach ? reach.value.destinations || [] : []]
      if (routes.length) console.log(`the router announces ${routes.join(', ')}`)
      break
    case 'NOTIFICATION':
      console.log(`the router ends the session: error ${body.errorCode}/${body.errorSubcode}`)
  }
}

var session = pipeline($=>$
  .onStart(open)
  .loop($=>$
    .encodeBGP({ enableAS4: true })
    .connect(config.router, { bind: config.bind })
    .decodeBGP({ enableAS4: true })
    .replaceMessage(({ payload }) => answer(payload))
    .handleStreamEnd(({ error }) => console.log(`the session has ended${error ? ': ' + error : ''}`))
  )
)

async function keepConnected() {
  while (true) {
    await session.spawn()
    await new Timeout(1).wait()
  }
}

if (config.demo) runDemo()
keepChecking()
keepConnected()
