//go:build linux

// Package grpc runs the interoperability cases of gRPC for Go through weir. It is a package of its own because of what
// it imports.
package grpc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"weir/test/harness"
)

// proxies are what users write to pass gRPC on, with and without TLS. %[1]d is the port of the proxy, %[2]d that of the
// server, %[3]d that of the server with TLS.
var proxies = map[string]string{
	"plain": `pipy.listen('127.0.0.1:%[1]d', $=>$
		.demuxHTTP().to($=>$
			.muxHTTP(() => 'upstream', { version: 2 }).to($=>$.connect('127.0.0.1:%[2]d'))))`,
	"TLS to the proxy": identity + `pipy.listen('127.0.0.1:%[1]d', $=>$
		.acceptTLS({ certificate: { cert, key }, alpn: ['h2'] }).to($=>$
			.demuxHTTP().to($=>$
				.muxHTTP(() => 'upstream', { version: 2 }).to($=>$.connect('127.0.0.1:%[2]d')))))`,
	"TLS to the proxy and the server": identity + `pipy.listen('127.0.0.1:%[1]d', $=>$
		.acceptTLS({ certificate: { cert, key }, alpn: ['h2'] }).to($=>$
			.demuxHTTP().to($=>$
				.muxHTTP(() => 'upstream', { version: 2 }).to($=>$
					.connectTLS({ sni: 'localhost', alpn: ['h2'] }).to($=>$.connect('127.0.0.1:%[3]d'))))))`,
}

const identity = `
	var key = new crypto.PrivateKey({ type: 'rsa', bits: 2048 })
	var cert = new crypto.Certificate({ subject: { CN: 'localhost' }, days: 1, privateKey: key, publicKey: new crypto.PublicKey(key) })
`

// server runs the interoperability server and returns its port.
func server(t *testing.T, options ...grpc.ServerOption) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(options...)
	testgrpc.RegisterTestServiceServer(s, interop.NewTestServer())
	go s.Serve(l)
	t.Cleanup(s.Stop)
	return l.Addr().(*net.TCPAddr).Port
}

func TestInteroperability(t *testing.T) {
	t.Parallel()
	upstream, secure := server(t), server(t, grpc.Creds(credentials.NewServerTLSFromCert(certificate(t))))
	for name, proxy := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := harness.Port(t)
			harness.Start(t, harness.Config{Script: fmt.Sprintf(proxy, port, upstream, secure), Listen: []int{port}})
			creds := insecure.NewCredentials()
			if name != "plain" {
				creds = credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})
			}
			interoperate(t, harness.Addr(port), creds)
		})
	}
}

// certificate makes a self-signed certificate.
func certificate(t *testing.T) *tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// interoperate runs all cases.
func interoperate(t *testing.T, addr string, creds credentials.TransportCredentials) {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	type call = func(context.Context, testgrpc.TestServiceClient, ...grpc.CallOption)
	for name, f := range map[string]call{
		"empty unary":                 interop.DoEmptyUnaryCall,
		"large unary":                 interop.DoLargeUnaryCall,
		"client streaming":            interop.DoClientStreaming,
		"server streaming":            interop.DoServerStreaming,
		"ping pong":                   interop.DoPingPong,
		"empty stream":                interop.DoEmptyStream,
		"timeout on sleeping server":  interop.DoTimeoutOnSleepingServer,
		"cancel after begin":          interop.DoCancelAfterBegin,
		"cancel after first response": interop.DoCancelAfterFirstResponse,
		"custom metadata":             interop.DoCustomMetadata,
		"status code and message":     interop.DoStatusCodeAndMessage,
		"special status message":      interop.DoSpecialStatusMessage,
		"unimplemented method": func(ctx context.Context, c testgrpc.TestServiceClient, o ...grpc.CallOption) {
			interop.DoUnimplementedMethod(ctx, conn)
		},
		"unimplemented service": func(ctx context.Context, c testgrpc.TestServiceClient, o ...grpc.CallOption) {
			interop.DoUnimplementedService(ctx, testgrpc.NewUnimplementedServiceClient(conn))
		},
		"soak": func(ctx context.Context, c testgrpc.TestServiceClient, o ...grpc.CallOption) {
			for range 50 {
				interop.DoLargeUnaryCall(ctx, c, o...)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(context.Background(), 30*time.Second)
			defer stop()
			f(ctx, testgrpc.NewTestServiceClient(conn))
		})
	}
}
