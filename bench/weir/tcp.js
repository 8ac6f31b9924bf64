// A TCP proxy that nobody looks into: weir tcp.js --args PORT TARGET
pipy.listen('127.0.0.1:' + pipy.argv[1], $=>$
  .connect(pipy.argv[2])
)
