//go:build linux

package grpc

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"weir/test/harness"
)

// The example routes calls by service, counts them, and answers itself where there is nobody else.
func TestExample(t *testing.T) {
	t.Parallel()
	upstream, ports := server(t), harness.Ports(t, 3)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(harness.Root(), "examples", "grpc-proxy"))); err != nil {
		t.Fatal(err)
	}
	harness.WriteFile(t, filepath.Join(dir, "demo.js"), "")
	harness.WriteFile(t, filepath.Join(dir, "services.json"), fmt.Sprintf(
		`{"grpc.testing.TestService": "127.0.0.1:%d", "grpc.testing.UnimplementedService": "127.0.0.1:%d"}`, upstream, ports[2]))
	harness.Start(t, harness.Config{Path: filepath.Join(dir, "main.js"), Listen: ports[:2],
		Env: []string{fmt.Sprintf("PORT=%d", ports[0]), fmt.Sprintf("COUNTS=%d", ports[1])}})
	conn, err := grpc.NewClient(harness.Addr(ports[0]), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ctx, stop := context.WithTimeout(context.Background(), harness.Patience)
	defer stop()
	client := testgrpc.NewTestServiceClient(conn)
	interop.DoLargeUnaryCall(ctx, client)
	interop.DoPingPong(ctx, client)
	interop.DoStatusCodeAndMessage(ctx, client)
	_, err = testgrpc.NewUnimplementedServiceClient(conn).UnimplementedCall(ctx, &testgrpc.Empty{})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("a server that is down: %v", err)
	}
	err = conn.Invoke(ctx, "/no.Service/Call", &testgrpc.Empty{}, &testgrpc.Empty{})
	if status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "no such service") {
		t.Errorf("a service that is not listed: %v", err)
	}
	res, err := http.Get("http://" + harness.Addr(ports[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, _ := io.ReadAll(res.Body)
	want := `1 /grpc.testing.TestService/FullDuplexCall status 0
1 /grpc.testing.TestService/FullDuplexCall status 2
1 /grpc.testing.TestService/UnaryCall status 0
1 /grpc.testing.TestService/UnaryCall status 2
1 /grpc.testing.UnimplementedService/UnimplementedCall status 14
1 /no.Service/Call status 12
`
	if string(got) != want {
		t.Errorf("counts:\n%s\nwant:\n%s", got, want)
	}
}
