//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The load over HTTP/2: h2load with streams on a few connections.
const (
	h2Connections = 8
	h2Streams     = 16
)

var h2Finished = regexp.MustCompile(`finished in ([\d.]+)(ms|s|m),`)
var h2Requests = regexp.MustCompile(`(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout`)

// grpcCall is a message of gRPC: no compression, its length, 64 bytes.
var grpcCall = "\x00\x00\x00\x00\x40" + strings.Repeat("g", 64)

// h2load measures requests over HTTP/2 without TLS.
func h2load(e *env, port int, flags ...string) (count, error) {
	args := append([]string{"-t1", "-c" + strconv.Itoa(h2Connections), "-m" + strconv.Itoa(h2Streams),
		"-D" + strconv.Itoa(int(e.length.Seconds()))}, flags...)
	out, cpu, err := e.tool(e.loadCPU, e.length+slack, "h2load", append(args, "http://"+loopback(port)+"/")...)
	if err != nil {
		return count{}, err
	}
	return parseH2load(out, cpu)
}

func parseH2load(out string, cpu time.Duration) (count, error) {
	f, r := h2Finished.FindStringSubmatch(out), h2Requests.FindStringSubmatch(out)
	if f == nil || r == nil {
		return count{}, fmt.Errorf("h2load printed no count: %s", firstLines(out, 3))
	}
	done, err1 := strconv.ParseFloat(r[1], 64)
	length, err2 := time.ParseDuration(f[1] + f[2])
	if err := errors.Join(err1, err2); err != nil {
		return count{}, err
	}
	if r[2] != "0" || r[3] != "0" || r[4] != "0" || done == 0 || length == 0 {
		return count{}, errors.New(r[0])
	}
	return count{done, length.Seconds(), cpu}, nil
}

// h2Client speaks HTTP/2 without TLS and nothing else.
func h2Client() *http.Client {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{Protocols: p, DisableCompression: true}}
}

// verifyHTTP2 fetches a page once and compares status and body.
func verifyHTTP2(port int, want string) error {
	client := h2Client()
	defer client.CloseIdleConnections()
	res, err := client.Get("http://" + loopback(port) + "/")
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || string(body) != want || res.ProtoMajor != 2 {
		return fmt.Errorf("wrong answer: %s %d, body %.60q", res.Proto, res.StatusCode, body)
	}
	return nil
}

// verifyGRPC makes one call.
func verifyGRPC(port int) error {
	client := h2Client()
	defer client.CloseIdleConnections()
	req, err := http.NewRequest("POST", "http://"+loopback(port)+"/", strings.NewReader(grpcCall))
	if err != nil {
		return err
	}
	req.Header.Set("content-type", "application/grpc")
	req.Header.Set("te", "trailers")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if status := res.Trailer.Get("grpc-status"); string(body) != grpcCall || status != "0" {
		return fmt.Errorf("wrong answer: status %d, grpc-status %q, body %.60q", res.StatusCode, status, body)
	}
	return nil
}

func h2Static(e *env, t *table) error {
	peers := []peer{
		nginx(nameNginx, "h2-static.conf"),
		gopeer("Go net/http", "static", 0),
		weir(nameWeir, "static.js", 0),
	}
	return e.compare(t, peers, [3]int{}, method{
		verify:  func(port int) error { return verifyHTTP2(port, staticBody) },
		measure: func(port int) (count, error) { return h2load(e, port) },
	})
}

func h2Proxy(e *env, t *table) error {
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
	peers := []peer{
		nginx(nameNginx, "h2-proxy.conf"),
		gopeer(nameReverseProxy, "proxy", 3),
		weir(nameWeir, "proxy.js", 3),
	}
	return e.compare(t, peers, backends, method{
		verify:  func(port int) error { return verifyHTTP2(port, proxyBody) },
		measure: func(port int) (count, error) { return h2load(e, port) },
	})
}

func grpcProxy(e *env, t *table) error {
	backends, release, err := reserve()
	if err != nil {
		return err
	}
	defer release()
	backend, err := e.start(gopeer("backend", "grpc", 0), ports{server: backends[0]}, e.loadCPU)
	if err != nil {
		return t.without(err)
	}
	defer stop(backend)
	call, err := e.file("call", grpcCall)
	if err != nil {
		return err
	}
	peers := []peer{
		gopeer(nameReverseProxy, "h2proxy", 1),
		weir(nameWeir, "grpc.js", 1),
	}
	return e.compare(t, peers, backends, method{
		verify: verifyGRPC,
		measure: func(port int) (count, error) {
			return h2load(e, port, "-d", call, "-H", "content-type: application/grpc", "-H", "te: trailers")
		},
	})
}
