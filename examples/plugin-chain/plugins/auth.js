var open = ['public']
var tokens = { 'Bearer 1234': 'alice' }

pipy()

.import({
  __service: 'main',
  __user: 'main',
})

.pipeline()
  .handleMessageStart(({ head }) => void (__user = tokens[head.headers.authorization]))
  .branch(
    () => __user || open.includes(__service), $=>$.chain(),
    $=>$.replaceMessage(new Message(
      { status: 401, headers: { 'www-authenticate': 'Bearer' } },
      'Who are you?\n'
    ))
  )
