// The network interfaces, from the kernel: those there are, and those that come and go.

var RTM_NEWLINK = 16, RTM_DELLINK = 17, RTM_GETLINK = 18
var RTMGRP_LINK = 1, NLM_F_REQUEST = 1, NLM_F_DUMP = 0x300
var IFLA_IFNAME = 3
var ARPHRD_ETHER = 1, ARPHRD_LOOPBACK = 772

var ifinfomsg = new CStruct({ family: 'uint8', pad: 'uint8', type: 'uint16', index: 'uint32', flags: 'uint32', change: 'uint32' })
var rtattr = new CStruct({ len: 'uint16', type: 'uint16' })

function decode(body) {
  var link = ifinfomsg.decode(body.shift(ifinfomsg.size))
  while (body.size >= rtattr.size) {
    var { len, type } = rtattr.decode(body.shift(rtattr.size))
    var payload = body.shift(len - rtattr.size)
    body.shift(-len & 3) // attributes begin at multiples of four bytes
    if (type === IFLA_IFNAME) link.name = new CString(payload).toString().replace('\0', '')
  }
  return link
}

// Calls added and removed with { index, name } of interfaces that have Ethernet headers. One may be added several times.
export function followLinks(added, removed) {
  var hear = pipeline($=>$
    .decodeNetlink()
    .handleMessage(({ head, body }) => {
      if (head.type !== RTM_NEWLINK && head.type !== RTM_DELLINK) return
      var link = decode(body)
      if (link.family !== 0) return // news of a bridge
      if (link.type !== ARPHRD_ETHER && link.type !== ARPHRD_LOOPBACK) return
      head.type === RTM_NEWLINK ? added(link) : removed(link)
    })
  )
  var watch = pipeline($=>$
    .onStart(() => new Data)
    .connect('pid=0;groups=0', { protocol: 'netlink', bind: `pid=0;groups=${RTMGRP_LINK}` })
    .pipe(hear)
  )
  var list = pipeline($=>$
    .onStart(() => new Message({ type: RTM_GETLINK, flags: NLM_F_REQUEST | NLM_F_DUMP }, ifinfomsg.encode({})))
    .encodeNetlink()
    .connect('pid=0;groups=0', { protocol: 'netlink' })
    .pipe(hear)
  )
  watch.spawn() // first: what comes in between is in both
  list.spawn()
}
