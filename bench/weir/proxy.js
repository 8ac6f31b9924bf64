// One callback per request chooses among the targets: weir proxy.js --args PORT TARGET…
var targets = pipy.argv.slice(2)
var next = 0
var $target

pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .demuxHTTP().to($=>$
    .handleMessageStart(() => {
      next = (next + 1) % targets.length
      $target = targets[next]
    })
    .muxHTTP(() => $target).to($=>$
      .connect(() => $target)
    )
  )
)
