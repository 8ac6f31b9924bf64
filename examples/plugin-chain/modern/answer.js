var $shared

export default pipeline($=>$
  .onStart(shared => void ($shared = shared))
  .replaceMessage(() => new Message(`${$shared.service} greets ${$shared.user || 'a stranger'}\n`))
)
