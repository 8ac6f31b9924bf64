package algo

import (
	"testing"

	"weir/internal/script"
)

// benchCall measures a call of a method from Go, as a filter would call a script function.
func benchCall(b *testing.B, setup, body string) {
	r, _ := newRealm(b)
	res, err := r.Run("/main.js", setup+"; (() => { for (var i = 0; i < 100; i++) {"+body+"} })")
	if err != nil {
		b.Fatal(err)
	}
	f := r.Hold(res.Value)
	b.ReportAllocs()
	for i := 0; i < b.N; i += 100 { // ns/op is that of one call
		if _, err := r.Call(f.Value()); err != nil {
			b.Fatal(err)
		}
		r.EndTurn()
	}
}

func BenchmarkScriptLoop(b *testing.B) { benchCall(b, "var f = x => x", "f(i)") }
func BenchmarkCacheGet(b *testing.B) {
	benchCall(b, "var k = new algo.Cache(x => x, null, { size: 1000 }); var key = 'example.com:8080'", "k.get(key)")
}
func BenchmarkCacheGetNumber(b *testing.B) {
	benchCall(b, "var k = new algo.Cache(x => x)", "k.get(i)")
}
func BenchmarkAllocate(b *testing.B) {
	benchCall(b, "var lb = new algo.LoadBalancer(['a:80', 'b:80', 'c:80'])", "lb.allocate().free()")
}
func BenchmarkAllocateIdle(b *testing.B) {
	benchCall(b, "var lb = new algo.LoadBalancer(['a:80', 'b:80', 'c:80']); var keep = [lb.allocate(), lb.allocate(), lb.allocate()]; keep.forEach(r => r.free())", "lb.allocate().free()")
}
func BenchmarkAllocateByKey(b *testing.B) {
	benchCall(b, "var lb = new algo.LoadBalancer(['a:80', 'b:80', 'c:80']); var keep = lb.allocate('b:80'); keep.free()", "lb.allocate('b:80').free()")
}
func BenchmarkAllocateValidator(b *testing.B) {
	benchCall(b, "var lb = new algo.LoadBalancer(['a:80', 'b:80', 'c:80']); var keep = [lb.allocate(), lb.allocate(), lb.allocate()]; keep.forEach(r => r.free()); var ok = () => true", "lb.allocate(null, ok).free()")
}
func BenchmarkURLRouterFind(b *testing.B) {
	benchCall(b, "var r = new algo.URLRouter({ '/*': 0, 'example.com/api/v1/*': 1, 'example.com/static/*': 2 })", "r.find('example.com:8080', '/api/v1/users/7?x=1')")
}
func BenchmarkQuotaConsume(b *testing.B) {
	benchCall(b, "var q = new algo.Quota(1e12, { per: 1 })", "q.consume(1)")
}
func BenchmarkHashString(b *testing.B) { benchCall(b, "", "algo.hash('example.com:8080')") }
func BenchmarkLegacyNext(b *testing.B) {
	benchCall(b, "var l = new algo.RoundRobinLoadBalancer(['a', 'b'])", "l.next({})")
}
func BenchmarkSharedMapAdd(b *testing.B) {
	benchCall(b, "var m = new algo.SharedMap('BenchmarkSharedMapAdd'); m.set('n', 0)", "m.add('n', 1)")
}

func BenchmarkRouter(b *testing.B) {
	var r Router[int]
	for _, p := range []string{"/*", "example.com/api/v1/*", "*.example.com/x/*"} {
		if err := r.Add(p, 1); err != nil {
			b.Fatal(err)
		}
	}
	url := []byte("example.com:8080/api/v1/users/7?x=1")
	b.ReportAllocs()
	for b.Loop() {
		r.Find(url)
	}
}

func BenchmarkQueue1000(b *testing.B) {
	q := &queue[int]{}
	var list []*queued[int]
	for i := range 1000 {
		list = append(list, &queued[int]{value: i, weight: 1 + float64(i%3)})
	}
	q.provision(list, true)
	b.ReportAllocs()
	for b.Loop() {
		q.pick(nil)
	}
}

func BenchmarkQuotaGo(b *testing.B) {
	q := &Quota{counter: &counter{allowance: allowance{current: 1e12}}}
	b.ReportAllocs()
	for b.Loop() {
		q.Consume(1)
	}
}

var _ script.Closer = (*Quota)(nil)
