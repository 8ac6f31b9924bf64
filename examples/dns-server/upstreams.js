// Questions to other servers, and their answers for as long as these may be kept.

var MOST = 10000 // answers
var PATIENCE = 2 // seconds

var $query
var $id
var $server
var $in
var $done

// A connection of its own for each question: its port, chosen at random, is one more thing a forger has to guess.
var askUDP = pipeline($=>$
  .onStart((server, query, done) => ($server = server, $query = query, $done = done, query))
  .connect(() => $server, { protocol: 'udp', idleTimeout: PATIENCE })
  .replaceData(data => {
    if (!answers($query, data)) return
    $done(data)
    return new StreamEnd
  })
  .handleStreamEnd(() => $done(null))
)

var askTCP = pipeline($=>$
  .onStart((server, query, done) => ($server = server, $query = query, $done = done, $in = new Data, frame(query)))
  .connect(() => $server, { connectTimeout: PATIENCE, idleTimeout: PATIENCE })
  .replaceData(data => {
    var [first] = unframe($in.push(data))
    if (!first) return
    $done(answers($query, first) ? first : null)
    return new StreamEnd
  })
  .handleStreamEnd(() => $done(null))
)

// The id, a random number, is in the first two bytes.
var answers = (query, data) => data.size >= 12 && new Data(query).shift(2).toString('hex') === new Data(data).shift(2).toString('hex')

// Over TCP a message comes after its length in two bytes.
export var frame = message => new Data([message.size >> 8, message.size & 255]).push(message)

// Takes the messages that are complete.
export function unframe(data) {
  var list = []
  for (;;) {
    var [high, low] = new Data(data).shift(2).toArray()
    var size = high << 8 | low
    if (low === undefined || data.size < size + 2) return list
    data.shift(2)
    list.push(data.shift(size))
  }
}

var known = new Map
var asked = new Map

// How long an answer may be kept: for the shortest time of its records, and if it has none, as its SOA record says.
function lifetime({ rcode, tc, answer, authority }) {
  if (tc || rcode && rcode !== 3) return 0
  if (answer) return Math.min(...answer.map(r => r.ttl))
  var soa = authority?.find(r => r.type === 'SOA')
  return soa ? Math.min(soa.ttl, soa.rdata.minimum) : 0
}

function aged(records, seconds) {
  return records?.map(r => r.type === 'OPT' ? r : { ...r, ttl: Math.max(r.ttl - seconds, 0) })
}

function recall(key) {
  var found = known.get(key)
  if (!found) return
  var seconds = Math.floor((Date.now() - found.since) / 1000)
  if (seconds >= found.seconds) return void known.delete(key)
  var { answer, authority, additional } = found.reply
  return {
    ...found.reply,
    answer: aged(answer, seconds), authority: aged(authority, seconds), additional: aged(additional, seconds),
  }
}

function remember(key, reply) {
  var seconds = lifetime(reply)
  if (!seconds) return
  if (known.size >= MOST) known.delete(known.keys().next().value)
  known.set(key, { reply, seconds, since: Date.now() })
}

async function ask(servers, layout, question, edns) {
  var id = Math.floor(Math.random() * 65536)
  var query = DNS.encode({ id, rd: 1, question: [question], additional: edns })
  for (var server of servers) {
    var data = await new Promise(done => layout.spawn(server, query, done))
    try {
      if (data) return DNS.decode(data)
    } catch {} // the next one may make more sense
  }
}

// Resolves to where the answer comes from, and the answer, undefined if no server gives one. Who asks what is being asked
// already waits for the same answer.
export async function resolve(servers, question, edns, tcp) {
  var key = [question.name.toLowerCase(), question.type, question.class, edns?.[0].ttl, tcp].join(' ')
  var reply = recall(key)
  if (reply) return ['cache', reply]
  var waiting = asked.get(key)
  if (!waiting) {
    asked.set(key, waiting = ask(servers, tcp ? askTCP : askUDP, question, edns))
    waiting.then(reply => {
      asked.delete(key)
      if (reply) remember(key, reply)
    })
  }
  return ['upstream', await waiting]
}
