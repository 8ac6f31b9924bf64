package filter

import (
	"strings"
	"testing"

	"weir/internal/api/ip"
	"weir/internal/filter/filtertest"
)

const bgpMarker = `\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff`

func TestBGP(t *testing.T) {
	t.Parallel()
	const keepalive = bgpMarker + `\x00\x13\x04`
	check(t, []flow{
		{"decode", `decodeBGP().handleMessageEnd(e => { test.log(e.payload.type, Object.keys(e.payload).join(), e.payload.body) })`,
			`D"` + keepalive + bgpMarker + `\x00\x17\x05\x00\x02\x00\x01"`,
			`MessageStart Data"` + keepalive + `" MessageEnd({"body":null}) MessageStart Data"` + bgpMarker + `\x00\x17\x05\x00\x02\x00\x01" MessageEnd({"body":{"afi":2,"safi":1}})`,
			`KEEPALIVE body null ROUTE_REFRESH body {"afi":2,"safi":1}`},
		{"looked at and changed", `decodeBGP().handleMessageEnd(e => { e.payload.body.safi = 2 }).encodeBGP().replaceMessage(m => m.body)`,
			`D"` + bgpMarker + `\x00\x17\x05\x00\x02\x00\x01"`, `Data"` + bgpMarker + `\x00\x17\x05\x00\x02\x00\x02"`, ""},
		{"no object", `replaceMessage(() => new Message(null, 5)).encodeBGP()`, `S E`, `MessageStart MessageEnd(5)`, ""},
		{"callback per message", `decodeBGP({enableAS4: () => { test.log('called') }}).encodeBGP({enableAS4: 'true'}).replaceMessage(() => null)`,
			`D"` + keepalive + keepalive + `"`, ``, "called called"},
		{"callback throws", `decodeBGP({enableAS4: () => { throw new Error('bad') }})`, `D"` + keepalive + `" D"x" .`, `StreamEnd(Error: bad) StreamEnd`, ""},
		{"malformed", `decodeBGP()`, `D"` + bgpMarker + `\x00\x12\x04" .`, `MessageStart StreamEnd(ProtocolError) StreamEnd`, ""},
	})
	if got := filtertest.BuildError(t, `pipeline($ => $.decodeBGP({enableAS4: 1}))`); got != "options.enableAS4 expects a boolean or a function" {
		t.Error(got)
	}
}

// Prefixes are IPMask objects, and go back as such.
func TestBGPRoutes(t *testing.T) {
	t.Parallel()
	rig := filtertest.New(t, `pipeline($ => $.decodeBGP().handleMessageEnd(e => {
		var b = e.payload.body
		test.log(b.withdrawnRoutes[0].ip, b.withdrawnRoutes[0].bitmask, b.pathAttributes[0].value.destinations.join(), b.destinations)
		b.destinations = [new Netmask('192.0.2.0/24')]
	}).encodeBGP().replaceMessage(m => m.body))`, ip.Namespace)
	out := rig.Start().Feed(`D"` + bgpMarker + `\x00\x27\x02\x00\x03\x10\x0a\x01\x00\x0d\x80\x0e\x0a\x00\x01\x01\x04\x01\x02\x03\x04\x00\x00"`).Out()
	if !strings.Contains(out, `\x18\xc0\x00\x02"`) {
		t.Error(out)
	}
	if got := rig.Notes(); got != "10.1.0.0 16 0.0.0.0/0 null" {
		t.Error(got)
	}
}
