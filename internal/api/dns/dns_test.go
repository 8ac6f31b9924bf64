package dns

import (
	"testing"

	"weir/internal/api/lang"
	"weir/internal/event"
	"weir/internal/script"
	"weir/internal/script/scripttest"
)

func TestDNS(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ src, want string }{
		{`DNS.encode({ id: 1, rd: 1, question: [{ name: 'a.b', type: 'AAAA' }] }).toString('hex')`, "000101000001000000000000016101620000" + "1c0001"},
		{`JSON.stringify(DNS.decode(DNS.encode({ id: 2, qr: 1, rcode: 3, ad: true, answer: [
			{ name: 'a.b.', type: 1, ttl: 60, rdata: '1.2.3.4' }, { name: 'a', type: 'MX', class: 3, ttl: new Int('u32', 7), rdata: { preference: 1, exchange: '' } },
			{ name: '', type: 99, ttl: 0, rdata: new Data([1, 255]) }] })))`,
			`{"id":2,"qr":1,"rcode":3,"answer":[{"name":"a.b","type":"A","ttl":60,"rdata":"1.2.3.4"},{"name":"a","type":"MX","class":3,"ttl":7,"rdata":{"preference":1,"exchange":""}},{"name":"","type":99,"ttl":0,"rdata":"01ff"}]}`},
		{`var q = DNS.decode(DNS.encode({ id: 1, qr: true, rd: '1' })); Object.keys(q).join()`, "id"},
		{`String(DNS.decode(null)) + DNS.encode() + DNS.encode(5)`, "undefinedundefinedundefined"},
		{`DNS.decode('x')`, "error: argument #1 expects an instance of pipy::Data"},
		{`DNS.decode()`, "error: requires 1 or more arguments"},
		{`DNS.decode(new Data('x'))`, "error: dns decode # data error"},
		{`DNS.encode(null)`, "error: dns encode # object is null"},
		{`DNS.encode({})`, "error: dns encode # id error"},
		{`DNS.encode({ id: 1, answer: [{ name: 'a', type: 'SOA', ttl: 1 }] })`, "error: dns encode # soa mname error"},
		{`DNS.encode({ id: 1, answer: [{ name: 'a', type: 'A', ttl: 1, rdata: 'x' }] })`, "error: invalid IPv4 notation"},
		{`DNS.resolve(5)`, "error: argument #1 expects a string"},
	} {
		t.Run(c.src, func(t *testing.T) {
			t.Parallel()
			if got := scripttest.Run(t, []*script.Namespace{lang.Namespace, event.Namespace, Namespace}, c.src); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
