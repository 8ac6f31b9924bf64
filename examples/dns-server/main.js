// A DNS server: its own names, answered by the client's network, and everything else from other servers, remembered.

import { readViews } from './views.js'
import { resolve, frame, unframe } from './upstreams.js'

var config = YAML.decode(pipy.load('config.yml'))
var { viewOf, lookUp } = readViews(config)

var FORMERR = 1, SERVFAIL = 2, NOTIMP = 4, REFUSED = 5
var SMALLEST = 512 // bytes that every client takes by UDP
var LARGEST = 1232 // that pass everywhere in one piece

function parse(data) {
  try {
    return DNS.decode(data)
  } catch {
    return {}
  }
}

async function replyTo(query, view, tcp) {
  var [question] = query.question
  var edns = query.additional?.filter(r => r.type === 'OPT').map(({ ttl }) => ({ name: '', type: 'OPT', class: LARGEST, ttl: ttl & 0x8000, rdata: '' }))
  var from = view.name
  var reply = lookUp(view, question)
  if (reply) {
    reply.additional = edns
  } else if (query.rd) {
    [from, reply] = await resolve(config.upstreams, question, edns, tcp)
    reply = { ...(reply || { rcode: SERVFAIL }), aa: 0 }
  } else {
    [from, reply] = ['nobody', { rcode: REFUSED }] // who does not ask for recursion gets none
  }
  console.log(view.name, question.name, question.type, 'from', from)
  return { ...reply, ra: 1, question: [question] }
}

async function serve(data, client, tcp) {
  var query = parse(data)
  if (query.qr || data.size < 12) return null // no query: an answer might be answered again
  var view = viewOf(client)
  var reply = !query.question || query.question.length !== 1 ? { rcode: FORMERR }
    : query.opcode ? { rcode: NOTIMP }
    : !view ? { rcode: REFUSED }
    : await replyTo(query, view, tcp)
  var [high, low] = data.toArray()
  reply = { ...reply, id: high << 8 | low, qr: 1, opcode: query.opcode, rd: query.rd }
  var bytes = DNS.encode(reply)
  var limit = query.additional?.find(r => r.type === 'OPT')?.class || 0
  if (!tcp && bytes.size > Math.min(Math.max(limit, SMALLEST), LARGEST)) {
    // The client asks again by TCP.
    bytes = DNS.encode({ ...reply, tc: 1, answer: [], authority: [], additional: reply.additional?.filter(r => r.type === 'OPT') })
  }
  return bytes
}

var $client
var $in

pipy.listen(config.listen, 'udp', { idleTimeout: 10 }, $=>$
  .onStart(inbound => void ($client = inbound.remoteAddress))
  .replaceData(query => new Message(query))
  .demux().to($=>$
    .replaceMessage(async ({ body }) => new Message(await serve(body, $client, false)))
  )
)

pipy.listen(config.listen, 'tcp', { idleTimeout: 10 }, $=>$
  .onStart(inbound => {
    $client = inbound.remoteAddress
    $in = new Data
  })
  .replaceData(data => unframe($in.push(data)).map(query => new Message(query)))
  .demux().to($=>$
    .replaceMessage(async ({ body }) => {
      var reply = await serve(body, $client, true)
      return reply ? new Message(frame(reply)) : new StreamEnd
    })
  )
)
