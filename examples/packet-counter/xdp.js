// XDP programs are attached by a netlink message: RTM_SETLINK with nested attributes.

var RTM_SETLINK = 19, NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLMSG_ERROR = 2
var IFLA_XDP = 43, IFLA_XDP_FD = 1, IFLA_XDP_FLAGS = 3
var XDP_FLAGS_SKB_MODE = 2 // works on every interface; drivers that know XDP are faster with 4, XDP_FLAGS_DRV_MODE
var NLA_F_NESTED = 0x8000

var ifinfomsg = new CStruct({ family: 'uint8', pad: 'uint8', type: 'uint16', index: 'uint32', flags: 'uint32', change: 'uint32' })
var rtattr = new CStruct({ len: 'uint16', type: 'uint16' })
var i32 = new CStruct({ i: 'int32' })

// Payloads here are multiples of four bytes: none needs padding.
var attribute = (type, payload) => rtattr.encode({ len: rtattr.size + payload.size, type }).push(payload)

var $answered

var request = pipeline($=>$
  .onStart((index, fd, answered) => {
    $answered = answered
    var xdp = attribute(IFLA_XDP_FD, i32.encode({ i: fd })).push(attribute(IFLA_XDP_FLAGS, i32.encode({ i: XDP_FLAGS_SKB_MODE })))
    return new Message(
      { type: RTM_SETLINK, flags: NLM_F_REQUEST | NLM_F_ACK },
      ifinfomsg.encode({ index }).push(attribute(IFLA_XDP | NLA_F_NESTED, xdp)),
    )
  })
  .encodeNetlink()
  .connect('pid=0;groups=0', { protocol: 'netlink' })
  .decodeNetlink()
  .replaceMessage(({ head, body }) => {
    if (head.type !== NLMSG_ERROR) return
    $answered(-i32.decode(body).i) // the number of an error; 0: done
    return new StreamEnd
  })
)

function set(name, fd) {
  var index = Number(os.readFile(`/sys/class/net/${name}/ifindex`).toString())
  return new Promise(answered => request.spawn(index, fd, answered))
}

export async function attach(name, program) {
  var error = await set(name, program.fd)
  if (error) throw new Error(`cannot attach to ${name}: error ${error}`)
}

export var detach = name => set(name, -1)
