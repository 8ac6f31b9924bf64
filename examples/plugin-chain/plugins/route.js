pipy()

.import({
  __service: 'main',
})

.pipeline()
  .handleMessageStart(({ head }) => void (__service = head.path.split('/')[1]))
  .chain()
