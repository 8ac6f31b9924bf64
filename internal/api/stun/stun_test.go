package stun

import (
	"testing"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func TestSTUN(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`hex(STUN.encode({ type: 'BindingRequest', transactionId: id }))`, "000100002112a442b7e7a701bc34d686fa87dfae"},
		{`hex(STUN.encode({ type: 'BindingResponse', transactionId: id, mappedAddress: { ip: '192.0.2.1', port: 32853 } }))`,
			"0101000c2112a442b7e7a701bc34d686fa87dfae002000080001a147e112a643"},
		{`JSON.stringify(STUN.decode(STUN.encode({ type: 'BindingResponse', transactionId: id, mappedAddress: { ip: '192.0.2.1', port: 32853 } })).mappedAddress)`,
			`{"ip":"192.0.2.1","port":32853,"family":"IPv4"}`},
		{`JSON.stringify(STUN.decode(STUN.encode({ type: 'BindingResponse', transactionId: id, mappedAddress: { ip: '2001:db8::1', port: 1 } })).mappedAddress)`,
			`{"ip":"2001:0db8:0000:0000:0000:0000:0000:0001","port":1,"family":"IPv6"}`},
		{`var m = STUN.decode(STUN.encode({ type: 'BindingRequest', transactionId: id })); Object.keys(m).join() + m.type + hex(m.transactionId)`,
			"type,transactionIdBindingRequestb7e7a701bc34d686fa87dfae"},
		{`STUN.encode()`, "error: STUN.encode: argument must be an object"},
		{`STUN.encode('x')`, "error: STUN.encode: argument must be an object"},
		{`STUN.encode({})`, "error: STUN encode: type must be a string"},
		{`STUN.encode({ type: 'BindingResponse', transactionId: id })`, "error: STUN encode: only BindingRequest is supported"},
		{`STUN.encode({ type: 'BindingResponse', transactionId: id, mappedAddress: { ip: 'x', port: 1 } })`, "error: STUN encode: mappedAddress must have an ip and a port"},
		{`STUN.encode({ type: 'BindingResponse', transactionId: id, mappedAddress: { ip: '1.2.3.4', port: 65536 } })`, "error: STUN encode: mappedAddress must have an ip and a port"},
		{`STUN.encode({ type: 'BindingRequest' })`, "error: STUN encode: transactionId must be Data"},
		{`STUN.encode({ type: 'BindingRequest', transactionId: new Data('x') })`, "error: STUN encode: transactionId must be 12 bytes"},
		{`STUN.decode()`, "error: STUN.decode: argument must be Data"},
		{`STUN.decode(new Data)`, "error: STUN decode: message too short"},
		{`STUN.decode(Data.from('011100002112a442b7e7a701bc34d686fa87dfae', 'hex'))`, "error: STUN decode: unknown message type"},
		{`STUN.decode(Data.from('000100002112a441b7e7a701bc34d686fa87dfae', 'hex'))`, "error: STUN decode: invalid magic cookie"},
		{`STUN.decode(Data.from('000100042112a442b7e7a701bc34d686fa87dfae', 'hex'))`, "error: STUN decode: message length mismatch"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			got := scripttest.Run(t, []*script.Namespace{lang.Namespace, event.Namespace, Namespace},
				`var hex = d => d.toString('hex'), id = Data.from('b7e7a701bc34d686fa87dfae', 'hex'); `+c.src)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
