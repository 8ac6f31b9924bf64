//go:build linux

package examples

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"testing"

	hessian "github.com/apache/dubbo-go-hessian2"
	"github.com/apache/dubbo-go-hessian2/java_exception"

	"weir/test/harness"
)

// profile is an argument, notFound an exception of the service.
type profile struct {
	Age  int32
	Tags []string
}

type notFound struct{ DetailMessage string }

func (profile) JavaClassName() string  { return "demo.Profile" }
func (notFound) JavaClassName() string { return "demo.NotFound" }

func (e notFound) Error() string                                   { return e.DetailMessage }
func (notFound) GetStackTrace() []java_exception.StackTraceElement { return nil }

func init() {
	hessian.RegisterPOJO(&profile{})
}

// serveDubbo answers calls with the codec of Dubbo's Go library, after a heartbeat of its own.
func serveDubbo(conn net.Conn) error {
	defer conn.Close()
	const size = 1 << 20
	r := bufio.NewReaderSize(conn, size)
	codec := hessian.NewHessianCodec(r)
	beat, err := codec.Write(hessian.Service{}, hessian.DubboHeader{SerialID: 2, Type: hessian.PackageHeartbeat, ID: 77}, []any{})
	if err == nil {
		_, err = conn.Write(beat)
	}
	for err == nil {
		var head []byte
		if head, err = r.Peek(hessian.HEADER_LENGTH); err != nil {
			break
		}
		// The codec wants all of the message in the buffer.
		if _, err = r.Peek(hessian.HEADER_LENGTH + int(binary.BigEndian.Uint32(head[12:]))); err != nil {
			break
		}
		var h hessian.DubboHeader
		if err = codec.ReadHeader(&h); err != nil {
			break
		}
		call := make([]any, 7)
		if err = codec.ReadBody(call); err != nil {
			break
		}
		h.Type, h.ResponseStatus = hessian.PackageResponse, hessian.Response_OK
		var out []byte
		if out, err = codec.Write(hessian.Service{}, h, answerDubbo(&h, call)); err == nil {
			_, err = conn.Write(out)
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// answerDubbo shows the call it got, or does what the ID in it stands for.
func answerDubbo(h *hessian.DubboHeader, call []any) *hessian.Response {
	args := call[5].([]any)
	attachments := call[6].(map[string]string)
	shown := fmt.Sprintf("%v %v %v %v %v", call[1], call[2], call[3], call[4], attachments["interface"])
	modern := map[string]string{hessian.DUBBO_VERSION_KEY: "2.0.2"} // those say what they can do
	switch {
	case call[3] == "add":
		return hessian.NewResponse(map[any]any{"call": shown, "name": args[0], "age": args[1].(*profile).Age, "tags": args[1].(*profile).Tags}, nil, modern)
	case len(args) == 0:
		return hessian.NewResponse(nil, java_exception.NewThrowable("out of order"), modern)
	}
	switch id := args[0].(int64); id {
	case 404:
		return hessian.NewResponse(nil, &notFound{"not here"}, modern)
	case 5:
		h.ResponseStatus = hessian.Response_SERVICE_ERROR
		return hessian.NewResponse("broken", nil, nil)
	case 0:
		return hessian.NewResponse(nil, nil, nil)
	default:
		return hessian.NewResponse([]any{shown, id, 1.5, true, nil, []byte("ab")}, nil, nil)
	}
}

// The bridge talks to a server that reads and writes with Dubbo's Go library.
func TestDubboREST(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if err := serveDubbo(conn); err != nil {
				t.Error(err)
			}
		}
	}()
	s := newSandbox(t, "dubbo-rest")
	w := s.start("BACKEND=" + l.Addr().String() + " bin/weir examples/dubbo-rest/main.js")
	w.WaitLog("Listening")
	for _, r := range []struct {
		method, path, body, want string
	}{
		{"GET", "/users/7", "", `["demo.Users 1.0.0 get J demo.Users",7,1.5,true,null,"YWI="]` + "\n200"},
		{"GET", "/users/-9007199254740993", "", `["demo.Users 1.0.0 get J demo.Users","-9007199254740993",1.5,true,null,"YWI="]` + "\n200"},
		{"GET", "/users/0", "", "204"},
		{"GET", "/users/404", "", `{"error":"not here"}` + "\n404"},
		{"GET", "/users/5", "", `{"error":"the backend has failed"}` + "\n502"},
		{"GET", "/users", "", `{"error":"the backend has failed"}` + "\n502"},
		{"POST", "/users", `{"name":"x"}`, `{"error":"profile is missing"}` + "\n400"},
		{"POST", "/users", `{"name":"x","profile":{"age":4294967296,"tags":[]}}`, `{"error":"profile.age has to be an integer of 32 bits"}` + "\n400"},
		{"PUT", "/users", ``, `{"error":"wrong method"}` + "\n405"},
	} {
		got := harness.Curl(t, "-X", r.method, "--data-binary", r.body, "-w", "%{http_code}", "http://"+harness.Addr(s.ports["8000"])+r.path)
		if got != r.want {
			t.Errorf("%s %s %s: %s\nwant %s", r.method, r.path, r.body, got, r.want)
		}
	}
	// The order of a map's entries is not fixed.
	got := harness.Curl(t, "-d", `{"name":"Grüße","profile":{"age":-3,"tags":["a","b"]}}`, "http://"+harness.Addr(s.ports["8000"])+"/users")
	want := map[string]any{"call": "demo.Users 1.0.0 add Ljava/lang/String;Ldemo/Profile; demo.Users", "name": "Grüße", "age": -3.0, "tags": []any{"a", "b"}}
	var have map[string]any
	if err := json.Unmarshal([]byte(got), &have); err != nil || !reflect.DeepEqual(have, want) {
		t.Errorf("add: %s\nwant %v", got, want)
	}
	w.WaitLog("demo.Users.get: status 70: broken")
	w.Stop()
	l.Close()
	<-served
}
