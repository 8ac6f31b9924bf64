// Refuses what a client asks beyond its quota.

import { quotaOf, PERIOD } from './quotas.js'

var $client

pipy.listen(os.env.PORT || 8000, $=>$
  .onStart(inbound => void ($client = inbound.remoteAddress))
  .serveHTTP(() => quotaOf($client).consume(1) > 0
    ? new Message('Welcome.\n')
    : new Message({ status: 429, headers: { 'retry-after': PERIOD } }, 'Slow down.\n')
  )
)
