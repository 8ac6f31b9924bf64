// A front for an MQTT broker that decides who may publish and subscribe to what: see policy.yml. MQTT 3.1.1 and 5.

import { readPolicy, followPolicy } from './policy.js'
import { matches, covers } from './topics.js'

var NOT_AUTHORIZED = 0x87, ALIAS_INVALID = 0x94 // reason codes of MQTT 5
var REFUSED_311 = 5       // CONNACK of MQTT 3.1.1
var FAILURE_311 = 0x80    // SUBACK of MQTT 3.1.1

var policy = readPolicy()

var $client      // address
var $name        // for the log
var $v5
var $user        // undefined before CONNECT
var $clientID
var $barred      // the will is not allowed: the broker's CONNACK becomes a refusal
var $pings       // what becomes of the answers to the PINGREQs under way
var $subscribing // packet identifier → codes of the refused filters, null for those the broker decides on
var $released    // packet identifiers of refused messages of quality 2, in MQTT 3.1.1

function packet(head, payload) {
  return [new MessageStart({ protocolLevel: $v5 ? 5 : 4, ...head }), new MessageEnd(null, payload)]
}

function may(action, test) {
  return policy.permissions($user, $clientID, action).some(test)
}

var mayPublish = topic => may('publish', filter => matches(filter, topic))
var maySubscribe = filter => may('subscribe', allowed => covers(allowed, filter))

function log(text) {
  console.log(`${$name} ${text}`)
}

// An answer of our own takes the place of the broker's answer to a PINGREQ: so it keeps its place among the others, and the
// broker hears that the client is alive.
function answer(events) {
  $pings.push(events)
  return packet({ type: 'PINGREQ' })
}

function hangUp(reasonCode) {
  return answer([...($v5 ? packet({ type: 'DISCONNECT', reasonCode }) : []), new StreamEnd])
}

function connect(message) {
  var { head, payload } = message
  $v5 = head.protocolLevel >= 5
  $user = payload.username || ''
  $clientID = payload.clientID
  $name = `${$user || 'anonymous'} at ${$client}`
  if (payload.will && !mayPublish(payload.will.topic)) {
    log(`may not have a will for ${payload.will.topic}`)
    payload.will = null
    $barred = true
  }
  return message
}

function publish(message) {
  var { qos, topicName, packetIdentifier, properties } = message.head
  if (properties?.topicAlias !== undefined) return hangUp(ALIAS_INVALID) // CONNACK says that there are none
  if (mayPublish(topicName)) {
    if (qos === 2) $released.delete(packetIdentifier)
    return message
  }
  log(`may not publish to ${topicName}`)
  if (qos === 0) return answer([])
  // MQTT 3.1.1 has no way to say so: the message is acknowledged and lost (MQTT-3.3.5-2).
  if (qos === 2 && !$v5) $released.add(packetIdentifier)
  return answer(packet({ type: qos === 1 ? 'PUBACK' : 'PUBREC', packetIdentifier, reasonCode: $v5 ? NOT_AUTHORIZED : 0 }))
}

function subscribe(message) {
  var { head, payload: { topicFilters } } = message
  var codes = topicFilters.map(({ filter }) => {
    if (maySubscribe(filter)) return null
    log(`may not subscribe to ${filter}`)
    return $v5 ? NOT_AUTHORIZED : FAILURE_311
  })
  var allowed = topicFilters.filter((_, i) => codes[i] === null)
  if (allowed.length === topicFilters.length) return message
  if (!allowed.length) return answer(packet({ type: 'SUBACK', packetIdentifier: head.packetIdentifier }, codes))
  $subscribing.set(head.packetIdentifier, codes)
  return [new MessageStart(head), new MessageEnd(null, { topicFilters: allowed })]
}

function fromClient(message) {
  var { type, packetIdentifier } = message.head
  if ((type === 'CONNECT') !== ($user === undefined)) return new StreamEnd // CONNECT comes first, and once
  switch (type) {
    case 'CONNECT': return connect(message)
    case 'PUBLISH': return publish(message)
    case 'SUBSCRIBE': return subscribe(message)
    case 'PINGREQ': return answer(packet({ type: 'PINGRESP' }))
    case 'PUBREL':
      if ($released.delete(packetIdentifier)) return answer(packet({ type: 'PUBCOMP', packetIdentifier }))
  }
  return message
}

function fromBroker(message) {
  var { type, reasonCode, packetIdentifier, properties } = message.head
  switch (type) {
    case 'CONNACK':
      if (reasonCode === 0 && $barred) {
        return [...packet({ type, reasonCode: $v5 ? NOT_AUTHORIZED : REFUSED_311 }), new StreamEnd]
      }
      if (properties) delete properties.topicAliasMaximum
      return message
    case 'SUBACK':
      var codes = $subscribing.get(packetIdentifier)
      if (!codes) return message
      $subscribing.delete(packetIdentifier)
      var decided = [...message.payload]
      return [new MessageStart(message.head), new MessageEnd(null, codes.map(c => c ?? decided.shift()))]
    case 'PINGRESP': return $pings.shift()
  }
  return message
}

pipy.listen(policy.listen, { idleTimeout: '1h' }, $=>$
  .onStart(inbound => {
    $client = inbound.remoteAddress
    $pings = []
    $subscribing = new Map
    $released = new Set
  })
  .decodeMQTT({ maxMessageSize: policy.maxMessageSize })
  .replaceMessage(fromClient)
  .encodeMQTT()
  .connect(() => policy.broker, { connectTimeout: 3, idleTimeout: '1h' }) // the keep alive of a client may be long
  .decodeMQTT()
  .replaceMessage(fromBroker)
  .encodeMQTT()
)

followPolicy(changed => policy = changed)
