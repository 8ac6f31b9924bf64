pipy()

.import({
  __service: 'main',
  __user: 'main',
})

.pipeline()
  .replaceMessage(() => new Message(`${__service} greets ${__user || 'a stranger'}\n`))
