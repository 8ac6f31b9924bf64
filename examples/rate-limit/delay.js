// Delays what a client asks beyond its quota, until there is quota again.
// A client that has to wait is not read from either, so its requests do not pile up here.

var $client

var quotas = new algo.Cache({ size: 100000, ttl: 3600 })

function quotaOf(address) {
  var quota = quotas.find(address)
  if (!quota) {
    quota = new algo.Quota(3, { per: 1 })
    quotas.set(address, quota)
  }
  return quota
}

pipy.listen(os.env.PORT || 8000, $=>$
  .onStart(inbound => void ($client = inbound.remoteAddress))
  .demuxHTTP().to($=>$
    .throttleMessageRate(() => quotaOf($client))
    .replaceMessage(new Message('Welcome.\n'))
  )
)
