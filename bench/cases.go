//go:build linux

package main

import (
	"slices"
	"strconv"
	"time"
)

// benchCase is one table of the report.
type benchCase struct {
	id, title string
	run       func(*env) (*table, error)
}

func cases() []benchCase {
	var all []benchCase
	add := func(id, title string, run func(*env, *table) error) {
		all = append(all, benchCase{id, title, func(e *env) (*table, error) {
			t := &table{id: id, title: title}
			return t, run(e, t)
		}})
	}
	add("a", "static response, one script callback per request (req/s)", static)
	add("b", "reverse proxy to a 1 KiB backend, target chosen per request (req/s)", reverseProxy)
	add("c1", "TCP proxy, one connection, client to server (Gbit/s)", func(e *env, t *table) error { return bulk(e, t) })
	add("c2", "TCP proxy, one connection, server to client (Gbit/s)", func(e *env, t *table) error { return bulk(e, t, "-R") })
	add("c3", "TCP proxy, 64-byte exchanges over 32 connections (exchanges/s)", exchanges)
	add("d", "new connections, one request each (connections/s)", newConnections)
	add("e", "memory with 5,000 idle keep-alive connections", idleMemory)
	add("f", "one against two workers, script work per request (req/s)", scaling)
	add("g", "HTTPS keep-alive, a static response as in (a) (req/s)", httpsKeepAlive)
	add("h1", "TLS 1.3 handshakes in full, one request each (connections/s)", func(e *env, t *table) error { return newTLS(e, t) })
	add("h2", "TLS 1.3 handshakes resumed, one request each (connections/s)", func(e *env, t *table) error { return newTLS(e, t, "-resume") })
	add("i", "memory with 5,000 idle HTTPS connections", idleTLS)
	add("j1", "HTTP/2, static response, one script callback per request (req/s)", h2Static)
	add("j2", "HTTP/2 to HTTP/1, reverse proxy to a 1 KiB backend (req/s)", h2Proxy)
	add("j3", "gRPC, unary calls passed on over HTTP/2 (calls/s)", grpcProxy)
	add("k", "attacks: latency of another client", attacks)
	add("l", "WebSocket echo, 64-byte messages over 64 connections (messages/s)", webSocketEcho)
	for _, c := range codecs {
		add(c.id, c.title, func(e *env, t *table) error { return codec(e, t, c) })
	}
	add("n1", "kernel map, look-ups of 16-byte keys and values (calls/s)", func(e *env, t *table) error { return elements(e, t, "/lookup") })
	add("n2", "kernel map, updates of 16-byte keys and values (calls/s)", func(e *env, t *table) error { return elements(e, t, "/update") })
	add("n3", "kernel ring buffer, events of 64 bytes, one callback each (events/s)", ringEvents)
	add("o1", "JSON, a document of 100 KB parsed (calls/s)", func(e *env, t *table) error { return jsonDocument(e, t, "/parse") })
	add("o2", "JSON, the document printed (calls/s)", func(e *env, t *table) error { return jsonDocument(e, t, "/print") })
	return all
}

// caseLetters are the names by which cases are chosen: h stands for h1 and h2.
func caseLetters() []string {
	var letters []string
	for _, c := range cases() {
		letters = append(letters, c.id[:1])
	}
	return slices.Compact(letters)
}

func tlsPeers() []peer {
	return []peer{
		nginx(nameNginx, "tls.conf"),
		haproxy(nameHAProxy, "tls.cfg"),
		gopeerTLS("Go net/http"),
		weir(nameWeir, "tls.js", 0),
	}
}

func httpsKeepAlive(e *env, t *table) error {
	return e.compare(t, tlsPeers(), [3]int{}, method{
		verify:  func(port int) error { return verify(secure(port, "/"), staticBody) },
		measure: func(port int) (count, error) { return wrk(e, e.loadCPU, secure(port, "/")) },
	})
}

func newTLS(e *env, t *table, flags ...string) error {
	return e.compare(t, tlsPeers(), [3]int{}, method{
		verify: func(port int) error { return verify(secure(port, "/"), staticBody) },
		measure: func(port int) (count, error) {
			return ownLoad(e, append([]string{"handshake", "-addr", loopback(port), "-conns", strconv.Itoa(connections)}, flags...)...)
		},
	})
}

func idleTLS(e *env, t *table) error { return measureAllIdle(e, t, secure, tlsPeers(), "-tls") }

func static(e *env, t *table) error {
	peers := []peer{
		nginx(nameNginx, "static.conf"),
		nginx(nameLua, "lua.conf"),
		haproxy(nameHAProxy, "static.cfg"),
		gopeer("Go net/http", "static", 0),
		weir(nameWeir, "static.js", 0),
		weir("weir, callback gives status and headers", "static-head.js", 0),
	}
	return e.compare(t, peers, [3]int{}, method{
		verify:  func(port int) error { return verify(plain(port, "/"), staticBody) },
		measure: func(port int) (count, error) { return wrk(e, e.loadCPU, plain(port, "/")) },
	})
}

func reverseProxy(e *env, t *table) error {
	backends, release, err := reserve()
	if err != nil {
		return err
	}
	defer release()
	backend, err := e.start(nginx("backend", "backend.conf"), ports{server: backends[0], backends: backends}, e.loadCPU)
	if err != nil {
		return t.without(err)
	}
	defer stop(backend)
	if err := verify(plain(backends[0], "/"), proxyBody); err != nil {
		return err
	}
	peers := []peer{
		nginx(nameNginx, "proxy.conf"),
		haproxy(nameHAProxy, "proxy.cfg"),
		gopeer("Go ReverseProxy", "proxy", 3),
		weir(nameWeir, "proxy.js", 3),
	}
	return e.compare(t, peers, backends, method{
		verify:  func(port int) error { return verify(plain(port, "/"), proxyBody) },
		measure: func(port int) (count, error) { return wrk(e, e.loadCPU, plain(port, "/")) },
	})
}

func tcpPeers() []peer {
	return []peer{
		nginx(nameNginx, "tcp.conf"),
		haproxy(nameHAProxy, "tcp.cfg"),
		gopeer("Go io.Copy", "tcp", 1),
		weir(nameWeir, "tcp.js", 1),
	}
}

func bulk(e *env, t *table, flags ...string) error {
	backends, release, err := reserve()
	if err != nil {
		return err
	}
	defer release()
	server, err := e.start(iperfServer(), ports{server: backends[0]}, e.loadCPU)
	if err != nil {
		return t.without(err)
	}
	defer stop(server)
	t.bytes = true
	peers := append(tcpPeers(), haproxy("HAProxy, splice-auto", "tcp-splice.cfg"))
	return e.compare(t, peers, backends, method{
		measure: func(port int) (count, error) { return iperf(e, port, flags...) },
	})
}

func exchanges(e *env, t *table) error {
	backends, release, err := reserve()
	if err != nil {
		return err
	}
	defer release()
	return e.compare(t, tcpPeers(), backends, method{
		// The load generator compares every answer with what it sent.
		measure: func(port int) (count, error) {
			return ownLoad(e, "exchange", "-addr", loopback(port), "-echo", loopback(backends[0]))
		},
	})
}

func newConnections(e *env, t *table) error {
	peers := []peer{
		nginx(nameNginx, "static.conf"),
		haproxy(nameHAProxy, "static.cfg"),
		gopeer("Go net/http", "static", 0),
		weir(nameWeir, "static.js", 0),
	}
	return e.compare(t, peers, [3]int{}, method{
		verify: func(port int) error { return verify(plain(port, "/"), staticBody) },
		measure: func(port int) (count, error) {
			return ownLoad(e, "connect", "-addr", loopback(port), "-conns", strconv.Itoa(connections))
		},
	})
}

// scaling runs server and load over all CPUs: with two workers on two CPUs the load needs its share of both,
// so the report also gives the ratio that perfect scaling would show.
func scaling(e *env, t *table) error {
	if len(e.allCPUs) < 2 {
		return t.without(errOneCPU)
	}
	peers := []peer{
		weir("weir, 1 worker", "scaling.js", 0),
		weir("weir, 2 workers", "scaling.js", 0, "--threads=2"),
	}
	t.cpus = e.allCPUs
	const path = "/api/users/42?view=full&lang=en"
	return e.compare(t, peers, [3]int{}, method{
		verify:  func(port int) error { return verify(plain(port, path), "") },
		measure: func(port int) (count, error) { return wrk(e, e.allCPUs, plain(port, path)) },
	})
}

const idleConnections = 5000

func idleMemory(e *env, t *table) error {
	return measureAllIdle(e, t, plain, []peer{
		nginx(nameNginx, "static.conf"),
		haproxy(nameHAProxy, "static.cfg"),
		gopeer("Go net/http", "static", 0),
		weir(nameWeir, "static.js", 0),
	})
}

func measureAllIdle(e *env, t *table, url urlOf, peers []peer, flags ...string) error {
	for _, pr := range peers {
		if !e.wanted(pr.name) {
			continue
		}
		r := &row{name: pr.name}
		t.rows = append(t.rows, r)
		if r.err = measureIdle(e, pr, r, url, flags...); e.ctx.Err() != nil {
			return e.ctx.Err()
		}
	}
	return nil
}

// settle is how long a server may take to put its memory in order after the last request.
const settle = time.Second
