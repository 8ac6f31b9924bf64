//go:build linux

package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"weir/test/harness"
)

// netlinkScript answers commands on port 9000 from the kernel's tables, and logs what the kernel tells by itself.
const netlinkScript = `
var ROUTE = { protocol: 'netlink', netlinkFamily: 0, bind: 'pid=0;groups=0' }
var attrHead = new CStruct({ len: 'uint16', type: 'uint16' })
var u32 = new CStruct({ i: 'uint32' })
var kinds = {
	link: { get: 18, add: 16, body: new CStruct({ family: 'uint8', pad: 'uint8', type: 'uint16', index: 'uint32', flags: 'uint32', change: 'uint32' }) },
	addr: { get: 22, add: 20, body: new CStruct({ family: 'uint8', prefixlen: 'uint8', flags: 'uint8', scope: 'uint8', index: 'uint32' }) },
	route: { get: 26, add: 24, body: new CStruct({ family: 'uint8', dst_len: 'uint8', src_len: 'uint8', tos: 'uint8', table: 'uint8', protocol: 'uint8', scope: 'uint8', type: 'uint8', flags: 'uint32' }) },
	neigh: { get: 30, add: 28, body: new CStruct({ family: 'uint8', pad1: 'uint8', pad2: 'uint16', index: 'int32', state: 'uint16', flags: 'uint8', type: 'uint8' }) },
}

function parse(kind, body) {
	var o = kind.body.decode(body)
	o.attrs = {}
	body.shift(kind.body.size)
	while (body.size >= 4) {
		var a = attrHead.decode(body.shift(4))
		o.attrs[a.type] = body.shift(a.len - 4)
		body.shift(-a.len & 3)
	}
	return o
}

var show = {
	link: o => ({ index: o.index, name: o.attrs[3].toString().replace('\0', ''), mtu: u32.decode(o.attrs[4]).i, up: o.flags & 1 }),
	addr: o => ({ index: o.index, prefixlen: o.prefixlen, bytes: o.attrs[1].toArray() }),
	route: o => ({ len: o.dst_len, table: o.table, dst: o.attrs[1] ? o.attrs[1].toArray() : [], oif: o.attrs[4] ? u32.decode(o.attrs[4]).i : 0, via: o.attrs[5] ? o.attrs[5].toArray() : [] }),
	neigh: o => ({ index: o.index, dst: o.attrs[1].toArray(), mac: o.attrs[2] ? o.attrs[2].toString('hex') : '' }),
}

var $list
var $kind
var $done

// Dumps end with a message of type 3.
var dump = pipeline($=>$
	.onStart((kind, family, done) => {
		$list = [], $kind = kind, $done = done
		return new Message({ type: kinds[kind].get, flags: 0x301, seq: 1 }, kinds[kind].body.encode({ family }))
	})
	.encodeNetlink()
	.connect('pid=0;groups=0', ROUTE)
	.decodeNetlink()
	.handleMessage(msg => {
		switch (msg.head.type) {
			case kinds[$kind].add: $list.push(show[$kind](parse(kinds[$kind], msg.body))); break
			case 3: $done($list); break
			case 2: $done('error ' + JSON.stringify(msg.body.toArray())); break
		}
	})
)

// The kernel acknowledges a request with a message of type 2 that begins with an error number.
var $answer
var ask = pipeline($=>$
	.onStart((msg, done) => ($answer = done, msg))
	.encodeNetlink()
	.connect('pid=0;groups=0', ROUTE)
	.decodeNetlink()
	.handleMessage(msg => $answer({ head: msg.head, error: -new CStruct({ i: 'int32' }).decode(msg.body).i }))
)

var commands = {
	dump: (kind, family) => new Promise(done => dump.spawn(kind, family | 0, done)),
	mtu: (index, mtu) => new Promise(done => ask.spawn(new Message({ type: 19, flags: 5, seq: 0xfffffffe }, kinds.link.body.encode({ index }).push(
		attrHead.encode({ len: 8, type: 4 })).push(u32.encode({ i: mtu }))), done)),
}

pipy.listen('127.0.0.1:9000', $=>$.replaceData(d => {
	var [name, ...args] = d.toString().split(' ')
	return commands[name](...args).then(x => [new Data(JSON.stringify(x)), new StreamEnd])
}))

// Errors of filters begin with their place in the script.
var reason = e => e.error?.message?.replace(/^.*main.js: /, '') || e.error

var watch = (text, options) => pipeline($=>$
	.onStart(new Data)
	.connect('pid=0;groups=0', { protocol: 'netlink', ...options })
	.decodeNetlink()
	.handleMessage(msg => {
		if (msg.head.type === 16 || msg.head.type === 17) {
			console.log(text, msg.head.type, JSON.stringify(show.link(parse(kinds.link, msg.body))))
		} else {
			console.log(text, msg.head.type)
		}
	})
	.handleStreamEnd(e => console.log(text, 'end', reason(e)))
).spawn()
`

// netlinkAsk sends a command to netlinkScript and returns what it answers, as JSON.
func netlinkAsk[T any](t *testing.T, n *harness.Netns, command string) (out T) {
	t.Helper()
	c := n.Dial("tcp", "127.0.0.1:9000")
	if _, err := io.WriteString(c, command); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		t.Fatalf("%s: %v in %q", command, err, b)
	}
	return out
}

// ipJSON is what ip says with -j.
func ipJSON[T any](t *testing.T, n *harness.Netns, args ...string) (out []T) {
	t.Helper()
	if err := json.Unmarshal([]byte(n.Must("ip", append([]string{"-j"}, args...)...)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

type (
	netlinkLink struct {
		Index int
		Name  string
		MTU   int
		Up    int
	}
	ipLink struct {
		Ifindex int
		Ifname  string
		MTU     int
		Flags   []string
	}
)

// sortedLines are the lines for what is listed, without empty ones.
func sortedLines[T any](list []T, line func(T) string) string {
	lines := map[string]string{}
	for _, x := range list {
		lines[line(x)] = ""
	}
	delete(lines, "")
	return strings.Join(sortedKeys(lines), "\n")
}

// The tables a script dumps are those ip shows.
func TestNetlinkDumps(t *testing.T) {
	t.Parallel()
	n, o := harness.NewNetns(t), harness.NewNetns(t)
	n.Link(o, "v", "w", []string{"10.78.1.1/24", "fd78:1::1/64"}, []string{"10.78.1.2/24", "fd78:1::2/64"})
	n.Must("ip", "route", "add", "203.0.113.0/24", "via", "10.78.1.2")
	n.Must("ip", "-6", "route", "add", "2001:db8:9::/48", "via", "fd78:1::2")
	n.Must("ip", "neigh", "add", "10.78.1.9", "lladdr", "02:00:00:00:00:09", "dev", "v")
	n.Must("ip", "neigh", "add", "fd78:1::9", "lladdr", "02:00:00:00:00:0a", "dev", "v")
	// More than fits into one datagram.
	for i := range 300 {
		n.Must("ip", "addr", "add", fmt.Sprintf("10.79.%d.%d/32", i/200, i%200+1), "dev", "v")
	}
	harness.Start(t, harness.Config{Binary: n.Binary(""), Script: netlinkScript, Listen: []int{9000}})

	links := ipJSON[ipLink](t, n, "link")
	got := sortedLines(netlinkAsk[[]netlinkLink](t, n, "dump link"), func(l netlinkLink) string { return fmt.Sprint(l.Index, l.Name, l.MTU, l.Up) })
	want := sortedLines(links, func(l ipLink) string {
		up := 0
		for _, f := range l.Flags {
			if f == "UP" {
				up = 1
			}
		}
		return fmt.Sprint(l.Ifindex, l.Ifname, l.MTU, up)
	})
	if got != want {
		t.Errorf("links:\n%s\nwant\n%s", got, want)
	}
	index := map[string]int{}
	for _, l := range links {
		index[l.Ifname] = l.Ifindex
	}

	type addr struct {
		Index, Prefixlen int
		Bytes            []int
	}
	var wantAddrs []string
	for _, l := range ipJSON[struct {
		Ifindex   int
		Addr_info []struct {
			Local     string
			Prefixlen int
		}
	}](t, n, "addr") {
		for _, a := range l.Addr_info {
			wantAddrs = append(wantAddrs, fmt.Sprint(l.Ifindex, a.Local, a.Prefixlen))
		}
	}
	same := func(s string) string { return s }
	got = sortedLines(netlinkAsk[[]addr](t, n, "dump addr"), func(a addr) string { return fmt.Sprint(a.Index, ipOf(a.Bytes), a.Prefixlen) })
	if want := sortedLines(wantAddrs, same); got != want || len(wantAddrs) < 300 {
		t.Errorf("addresses:\n%s\nwant\n%s", got, want)
	}

	type route struct {
		Len, Table, OIF int
		Dst, Via        []int
	}
	for family, option := range map[string]string{"2": "-4", "10": "-6"} {
		got = sortedLines(netlinkAsk[[]route](t, n, "dump route "+family), func(r route) string {
			if r.Table != 254 || len(r.Via) == 0 {
				return ""
			}
			return fmt.Sprintf("%s/%d via %s if %d", ipOf(r.Dst), r.Len, ipOf(r.Via), r.OIF)
		})
		want = sortedLines(ipJSON[struct{ Dst, Gateway, Dev string }](t, n, option, "route"), func(r struct{ Dst, Gateway, Dev string }) string {
			if r.Gateway == "" {
				return ""
			}
			return fmt.Sprintf("%s via %s if %d", r.Dst, r.Gateway, index[r.Dev])
		})
		if got != want || !strings.Contains(want, "via") {
			t.Errorf("routes %s:\n%s\nwant\n%s", option, got, want)
		}
	}

	type neigh struct {
		Index int
		Dst   []int
		Mac   string
	}
	type ipNeigh struct{ Dst, Dev, Lladdr string }
	got = sortedLines(netlinkAsk[[]neigh](t, n, "dump neigh"), func(e neigh) string {
		if !strings.HasPrefix(e.Mac, "0200") {
			return ""
		}
		return fmt.Sprint(e.Index, ipOf(e.Dst), e.Mac)
	})
	want = sortedLines(ipJSON[ipNeigh](t, n, "neigh"), func(e ipNeigh) string {
		if !strings.HasPrefix(e.Lladdr, "02:00") {
			return ""
		}
		return fmt.Sprint(index[e.Dev], e.Dst, strings.ReplaceAll(e.Lladdr, ":", ""))
	})
	if got != want || !strings.Contains(want, "10.78.1.9") {
		t.Errorf("neighbours:\n%s\nwant\n%s", got, want)
	}
}

func ipOf(b []int) string {
	ip := make(net.IP, len(b))
	for i, x := range b {
		ip[i] = byte(x)
	}
	return ip.String()
}

// A script changes the kernel's tables, is told of errors, and watches what others change.
func TestNetlinkChanges(t *testing.T) {
	t.Parallel()
	n, o := harness.NewNetns(t), harness.NewNetns(t)
	n.Link(o, "v", "w", []string{"10.78.1.1/24"}, []string{"10.78.1.2/24"})
	w := harness.Start(t, harness.Config{Binary: n.Binary(""), Listen: []int{9000}, Script: netlinkScript + `
		watch('groups', { bind: 'pid=0;groups=' + (1 | 4 | 0x40 | 0x400) })
		watch('function', { bind: () => 'groups=1' })
		watch('member', { onState: ob => {
			console.log('state', ob.state, ob.localAddress, ob.localPort, '"' + ob.remoteAddress + '"', ob.remotePort)
			if (ob.state === 'connected') console.log('joined', ob.socket.setRawOption(270, 1, u32.encode({ i: 1 })), ob.socket.bind('127.0.0.1', 1))
		} })
	`})
	w.WaitLog("joined 0 undefined")
	w.WaitLog(`state connected localhost 0 "" 0`)
	index := ipJSON[ipLink](t, n, "link", "show", "v")[0].Ifindex

	type answer struct {
		Head  struct{ Type, Flags, Seq, PID int }
		Error int
	}
	if a := netlinkAsk[answer](t, n, fmt.Sprintf("mtu %d 1400", index)); a.Error != 0 || a.Head.Type != 2 || a.Head.Seq != -2 {
		t.Errorf("setting the MTU: %+v", a)
	}
	if mtu := ipJSON[ipLink](t, n, "link", "show", "v")[0].MTU; mtu != 1400 {
		t.Errorf("the MTU is %d", mtu)
	}
	for _, watcher := range []string{"groups", "function", "member"} {
		w.WaitLog(fmt.Sprintf(`%s 16 {"index":%d,"name":"v","mtu":1400,"up":1}`, watcher, index))
	}
	const enodev = 19
	if a := netlinkAsk[answer](t, n, "mtu 9999 1400"); a.Error != enodev {
		t.Errorf("setting the MTU of nothing: %+v", a)
	}
	n.Must("ip", "neigh", "add", "10.78.1.9", "lladdr", "02:00:00:00:00:09", "dev", "v")
	w.WaitLog("groups 28")
	n.Must("ip", "route", "add", "203.0.113.0/24", "via", "10.78.1.2")
	w.WaitLog("groups 24")
	n.Must("ip", "link", "del", "v")
	w.WaitLog(fmt.Sprintf(`groups 17 {"index":%d`, index))
}

// What does not work is told.
func TestNetlinkErrors(t *testing.T) {
	t.Parallel()
	n := harness.NewNetns(t)
	w := harness.Start(t, harness.Config{Binary: n.Binary(""), Listen: []int{9000}, Script: netlinkScript + `
		watch('family', { netlinkFamily: 31 })
		watch('bad bind', { bind: 'port=3' })
		watch('no bind', { bind: () => 3 })
		var to = (text, target) => pipeline($=>$.onStart(new Data).connect(target, ROUTE).handleStreamEnd(e => console.log(text, 'end', reason(e)))).spawn()
		to('bad target', 'address=1')
		to('no target', () => 5)
		try { pipeline($=>$.connect('', { protocol: 'sctp' })) } catch (e) { console.log(e.message) }
		// The request is sent although the input ends with it.
		var request = new Message({ type: 19, flags: 1 }, kinds.link.body.encode({ index: 1 }).push(
			attrHead.encode({ len: 8, type: 4 })).push(u32.encode({ i: 4321 })))
		pipeline($=>$.onStart([request, new StreamEnd]).encodeNetlink().connect('', ROUTE)
			.handleStreamEnd(e => console.log('sent, end', e.error))).spawn()
		// A datagram larger than the socket's buffer.
		pipeline($=>$.onStart(new Data(new Array(1 << 20).fill(0))).connect('', { ...ROUTE, onState: ob => console.log('large', ob.state) })
			.handleStreamEnd(e => console.log('large, end', e.error))).spawn()
	`})
	for _, line := range []string{
		"family end open: Protocol not supported", "bad bind end invalid address field for Netlink: port", "no bind end invalid bind address",
		"bad target end invalid address field for Netlink: address", "no target end invalid target",
		"options.protocol expects one of netlink, tcp, udp", "sent, end undefined", "large connected", "large, end WriteError", "large closed",
	} {
		w.WaitLog(line)
	}
	if mtu := ipJSON[ipLink](t, n, "link", "show", "lo")[0].MTU; mtu != 4321 {
		t.Errorf("the MTU is %d", mtu)
	}
}

// Who does not read fast enough loses messages, and goes on reading.
func TestNetlinkOverrun(t *testing.T) {
	t.Parallel()
	n := harness.NewNetns(t)
	w := harness.Start(t, harness.Config{Binary: n.Binary(""), Listen: []int{9000}, Script: netlinkScript + `
		watch('watch', { bind: 'groups=1', onState: ob => ob.state === 'connected' && ob.socket.setRawOption(1, 8, u32.encode({ i: 1 })) })
		// Names from the kernel end with a NUL, where an argument ends too.
		console.log('exec', pipy.exec('echo one\0two three\0').toString(), pipy.exec(['echo', 'four\0five']).toString())
		commands.block = () => {
			// Messages come while nobody reads.
			for (var i = 0; i < 20; i++) pipy.exec(['ip', 'link', 'set', 'lo', 'mtu', 2000 + i])
			return Promise.resolve('blocked')
		}
	`})
	w.WaitLog("exec one three\n four\n")
	if got := netlinkAsk[string](t, n, "block"); got != "blocked" {
		t.Fatal(got)
	}
	w.WaitLog(`"mtu":2000`)
	n.Must("ip", "link", "set", "lo", "mtu", "3000")
	w.WaitLog(`"mtu":3000`)
	if strings.Contains(w.Stderr.String(), `"mtu":2019`) {
		t.Error("nothing was lost: the test shows nothing")
	}
}
