pipy({
  _request: '',
})

.import({
  __service: 'main',
  __user: 'main',
})

.pipeline()
  .handleMessageStart(({ head }) => void (_request = `${head.method} ${head.path}`))
  .chain()
  .handleMessageStart(({ head }) => (
    console.log(_request, `service=${__service || '-'} user=${__user || '-'} status=${head?.status ?? 200}`)
  ))
