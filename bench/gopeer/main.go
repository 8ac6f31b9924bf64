// Command gopeer is what the benchmark compares with: the servers one gets from Go's standard library.
//
//	gopeer static ADDRESS             net/http answering every request from a handler
//	gopeer proxy  ADDRESS BACKEND…    httputil.ReverseProxy over the backends in turn
//	gopeer tls    ADDRESS CERT KEY    as static, over TLS
//	gopeer h2proxy ADDRESS BACKEND    httputil.ReverseProxy, HTTP/2 without TLS on both sides
//	gopeer grpc   ADDRESS             a gRPC server that answers every unary call with what it got
//	gopeer tcp    ADDRESS BACKEND     io.Copy both ways (which is splice(2) on Linux)
//	gopeer websocket ADDRESS          github.com/gorilla/websocket sending back every message
//	gopeer elements ADDRESS           github.com/cilium/ebpf reading and writing elements of a map
//	gopeer json     ADDRESS           encoding/json parsing and printing a document
//	gopeer mqtt|resp|http ADDRESS     messages decoded and encoded again with a library, in a loop for each connection
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"sync/atomic"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("use: gopeer static|proxy|tls|h2proxy|grpc|tcp|websocket|elements|json|mqtt|resp|http ADDRESS [BACKEND…|CERT KEY]")
	}
	mode, address, backends := os.Args[1], os.Args[2], os.Args[3:]
	l, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	switch {
	case mode == "static":
		err = serve(l, static)
	case mode == "tls" && len(backends) == 2:
		s := &http.Server{Handler: http.HandlerFunc(static), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
			TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}} // no HTTP/2
		err = s.ServeTLS(l, backends[0], backends[1])
	case mode == "proxy" && len(backends) > 0:
		err = serve(l, proxy(backends))
	case mode == "h2proxy" && len(backends) == 1:
		err = serve(l, h2proxy(backends[0]))
	case mode == "grpc":
		err = serve(l, grpc)
	case mode == "tcp" && len(backends) == 1:
		err = tcp(l, backends[0])
	case mode == "websocket":
		err = serve(l, webSocket)
	case mode == "elements":
		err = elements(l)
	case mode == "json":
		err = jsonDocument(l)
	case recoders[mode] != nil:
		err = recode(l, recoders[mode])
	default:
		err = fmt.Errorf("mode %q with %d backends", mode, len(backends))
	}
	log.Fatal(err)
}

func serve(l net.Listener, handler http.HandlerFunc) error {
	return (&http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, Protocols: protocols(true)}).Serve(l)
}

// protocols are HTTP/2 without TLS, and HTTP/1 besides if asked for.
func protocols(http1 bool) *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	p.SetHTTP1(http1)
	return p
}

func h2proxy(backend string) http.HandlerFunc {
	p := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme = "http"
			r.Out.URL.Host = backend
		},
		Transport:     &http.Transport{Protocols: protocols(false), DisableCompression: true},
		FlushInterval: -1, // what gRPC needs
	}
	return p.ServeHTTP
}

// grpc answers with the message of the call. The framing of a gRPC message is the same both ways.
func grpc(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h["Content-Type"] = []string{"application/grpc"}
	h["Trailer"] = []string{"Grpc-Status"}
	_, _ = io.Copy(w, r.Body)
	h["Grpc-Status"] = []string{"0"}
}

func static(w http.ResponseWriter, _ *http.Request) {
	w.Header()["Content-Type"] = []string{"text/plain"}
	_, _ = io.WriteString(w, "Hello, world!\n")
}

func proxy(backends []string) http.HandlerFunc {
	var next atomic.Uint64
	p := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme = "http"
			r.Out.URL.Host = backends[next.Add(1)%uint64(len(backends))]
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxIdleConns: 256, DisableCompression: true},
	}
	return p.ServeHTTP
}

func tcp(l net.Listener, backend string) error {
	for {
		client, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer client.Close()
			server, err := net.Dial("tcp", backend)
			if err != nil {
				log.Print(err)
				return
			}
			defer server.Close()
			done := make(chan struct{})
			go func() {
				defer close(done)
				pass(server, client)
			}()
			pass(client, server)
			<-done
		}()
	}
}

func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.(*net.TCPConn).CloseWrite()
}
