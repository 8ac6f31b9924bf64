var $shared
var $request

export default pipeline($=>$
  .onStart(shared => void ($shared = shared))
  .handleMessageStart(({ head }) => void ($request = `${head.method} ${head.path}`))
  .pipeNext()
  .handleMessageStart(({ head }) => {
    var { service, user } = $shared
    console.log($request, `service=${service || '-'} user=${user || '-'} status=${head?.status ?? 200}`)
  })
)
