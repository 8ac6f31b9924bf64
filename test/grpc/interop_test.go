//go:build linux

// Package grpc runs the interoperability cases of gRPC for Go through weir. It is a package of its own because of what
// it imports.
package grpc

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"weir/test/harness"
)

// proxy is what users write to pass gRPC on.
const proxy = `pipy.listen('127.0.0.1:%d', $=>$
	.demuxHTTP().to($=>$
		.muxHTTP(() => 'upstream', { version: 2 }).to($=>$.connect('127.0.0.1:%d'))))`

// server runs the interoperability server and returns its port.
func server(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	testgrpc.RegisterTestServiceServer(s, interop.NewTestServer())
	go s.Serve(l)
	t.Cleanup(s.Stop)
	return l.Addr().(*net.TCPAddr).Port
}

func TestInteroperability(t *testing.T) {
	t.Parallel()
	upstream := server(t)
	port := harness.Port(t)
	harness.Start(t, harness.Config{Script: fmt.Sprintf(proxy, port, upstream), Listen: []int{port}})
	conn, err := grpc.NewClient(harness.Addr(port), grpc.WithTransportCredentials(insecure.NewCredentials()))
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
