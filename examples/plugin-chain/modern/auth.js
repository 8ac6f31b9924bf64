var open = ['public']
var tokens = { 'Bearer 1234': 'alice' }

var $shared

var next = pipeline($=>$.pipeNext())

var refuse = pipeline($=>$
  .replaceMessage(new Message(
    { status: 401, headers: { 'www-authenticate': 'Bearer' } },
    'Who are you?\n'
  ))
)

export default pipeline($=>$
  .onStart(shared => void ($shared = shared))
  .handleMessageStart(({ head }) => void ($shared.user = tokens[head.headers.authorization]))
  .pipe(() => $shared.user || open.includes($shared.service) ? next : refuse)
)
