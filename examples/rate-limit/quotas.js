// A quota for each client address. A client that has not been seen for a while is forgotten.

export var LIMIT = 3    // requests
export var PERIOD = 10  // seconds

var quotas = new algo.Cache({ size: 100000, ttl: 3600 })

export function quotaOf(address) {
  var quota = quotas.find(address)
  if (!quota) {
    quota = new algo.Quota(LIMIT, { per: PERIOD })
    quotas.set(address, quota)
  }
  return quota
}
