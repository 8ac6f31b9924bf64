// A DNS forwarder: queries go to the servers in turn, answers are remembered for a while.

var servers = (os.env.SERVERS || '127.0.0.1:8053,127.0.0.1:8054').split(',')
var KEEP = 10 // seconds
var MOST = 10000 // answers

var next = 0
var answers = new Map

// What is asked: after a header of 12 bytes the labels of the name, a zero, type and class.
function questionOf(query) {
  var bytes = query.toArray()
  return bytes.slice(12, bytes.indexOf(0, 12) + 5).join('.')
}

// The answer to an earlier query, with the id of this one: the first two bytes.
function remembered(query) {
  var found = answers.get(questionOf(query))
  if (!found || found.until < Date.now()) return null
  return new Data([...query.toArray().slice(0, 2), ...found.bytes.slice(2)])
}

function remember(question, answer) {
  if (answers.size >= MOST) answers.clear()
  answers.set(question, { bytes: answer.toArray(), until: Date.now() + KEEP * 1000 })
}

var $question
var $answer

// A session has the datagrams of one client. Each of them becomes a message with a pipeline of its own.
pipy.listen(os.env.PORT || 8000, 'udp', { idleTimeout: 5 }, $=>$
  .replaceData(query => new Message(query))
  .demux().to($=>$
    .replaceMessage(query => {
      $question = questionOf(query.body)
      $answer = remembered(query.body)
      return query
    })
    .pipe(() => $answer ? 'known' : 'ask', {
      known: $=>$.replaceMessage(() => new Message($answer)),
      ask: $=>$
        .replaceMessage(({ body }) => body)
        .connect(() => servers[next++ % servers.length], { protocol: 'udp', idleTimeout: 2 })
        .replaceData(answer => {
          remember($question, answer)
          return new Message(answer)
        }),
    })
  )
)
