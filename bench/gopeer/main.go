// Command gopeer is what the benchmark compares with: the servers one gets from Go's standard library.
//
//	gopeer static ADDRESS             net/http answering every request from a handler
//	gopeer proxy  ADDRESS BACKEND…    httputil.ReverseProxy over the backends in turn
//	gopeer tls    ADDRESS CERT KEY    as static, over TLS
//	gopeer tcp    ADDRESS BACKEND     io.Copy both ways (which is splice(2) on Linux)
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
		log.Fatal("use: gopeer static|proxy|tls|tcp ADDRESS [BACKEND…|CERT KEY]")
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
	case mode == "tcp" && len(backends) == 1:
		err = tcp(l, backends[0])
	default:
		err = fmt.Errorf("mode %q with %d backends", mode, len(backends))
	}
	log.Fatal(err)
}

func serve(l net.Listener, handler http.HandlerFunc) error {
	return (&http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}).Serve(l)
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
