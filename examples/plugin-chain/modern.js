// The same with pipeline objects: pipe() takes the chain, pipeNext() goes on in it. The object made here reaches the
// onStart() of every plugin, so it holds what they share.

import log from './modern/log.js'
import route from './modern/route.js'
import auth from './modern/auth.js'
import answer from './modern/answer.js'

pipy.listen(os.env.PORT || 8000, $=>$
  .demuxHTTP().to($=>$
    .pipe([log, route, auth, answer], () => [{ service: null, user: null }])
  )
)
