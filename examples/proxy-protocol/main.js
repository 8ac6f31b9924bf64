// Takes connections from a load balancer that says by the PROXY protocol, version 1 or 2, whom they come from, and tells the
// upstream by x-forwarded-for.

var upstream = os.env.UPSTREAM || '127.0.0.1:8081'
var balancers = ['127.0.0.1'] // nobody else is believed

var $inbound
var $client

pipy.listen(os.env.PORT || 8000, $=>$
  .onStart(inbound => void ($inbound = inbound))
  .acceptProxyProtocol(({ sourceAddress }) => {
    // A load balancer that checks our health speaks for itself and gives no address.
    $client = sourceAddress || $inbound.remoteAddress
    return balancers.includes($inbound.remoteAddress)
  }).to($=>$
    .demuxHTTP().to($=>$
      .handleMessageStart(({ head: { headers } }) => {
        var before = headers['x-forwarded-for']
        headers['x-forwarded-for'] = before ? `${before}, ${$client}` : $client
      })
      .muxHTTP(() => upstream).to($=>$.connect(upstream))
    )
  )
)
