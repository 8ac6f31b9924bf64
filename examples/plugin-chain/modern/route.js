var $shared

export default pipeline($=>$
  .onStart(shared => void ($shared = shared))
  .handleMessageStart(({ head }) => void ($shared.service = head.path.split('/')[1]))
  .pipeNext()
)
