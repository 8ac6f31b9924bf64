package repo

// starter is the main file of a new codebase.
const starter = `/*
 * Answers HTTP requests on port 80. Change it as you like: uncomment a step to use it.
 */

pipy({
  // Variables of each connection:
  // _path: '',
})

  .listen(80)
  .demuxHTTP().to($ => $
    // .handleMessageStart(msg => _path = msg.head.path)
    // .dump()
    .replaceMessage(
      () => new Message('Hello from a new codebase!\n')
    )
  )

  // .task('5s').onStart(() => new Message)
  // .replaceMessage(() => (console.log('still here'), new StreamEnd))
`
