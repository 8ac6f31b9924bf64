//go:build linux

package examples

import (
	"context"
	"net"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	"weir/test/harness"
)

// users is the service of the example, as far as the test needs it.
type users struct{}

func (users) ProcessorMap() map[string]thrift.TProcessorFunction  { return nil }
func (users) AddToProcessorMap(string, thrift.TProcessorFunction) {}

func (users) Process(ctx context.Context, in, out thrift.TProtocol) (bool, thrift.TException) {
	name, _, seq, err := in.ReadMessageBegin(ctx)
	if err != nil {
		return false, thrift.WrapTException(err)
	}
	id, text, err := readArguments(ctx, in)
	if err != nil {
		return false, thrift.WrapTException(err)
	}
	in.ReadMessageEnd(ctx)
	if name == "all" || name == "remove" && id == 3 {
		out.WriteMessageBegin(ctx, name, thrift.EXCEPTION, seq)
		thrift.NewTApplicationException(thrift.INTERNAL_ERROR, "out of order").Write(ctx, out)
	} else {
		out.WriteMessageBegin(ctx, name, thrift.REPLY, seq)
		writeReply(ctx, out, name, id, text)
	}
	out.WriteMessageEnd(ctx)
	return true, thrift.WrapTException(out.Flush(ctx))
}

// readArguments returns the integer and the text among the arguments.
func readArguments(ctx context.Context, in thrift.TProtocol) (id int64, text string, err error) {
	in.ReadStructBegin(ctx)
	defer in.ReadStructEnd(ctx)
	for {
		_, t, _, err := in.ReadFieldBegin(ctx)
		if err != nil || t == thrift.STOP {
			return id, text, err
		}
		switch t {
		case thrift.I64:
			id, err = in.ReadI64(ctx)
		case thrift.STRING:
			text, err = in.ReadString(ctx)
		default:
			err = in.Skip(ctx, t)
		}
		if err != nil {
			return id, text, err
		}
		in.ReadFieldEnd(ctx)
	}
}

func writeReply(ctx context.Context, out thrift.TProtocol, name string, id int64, text string) {
	out.WriteStructBegin(ctx, "")
	switch {
	case name == "remove":
	case id == 404:
		out.WriteFieldBegin(ctx, "missing", thrift.STRUCT, 1)
		out.WriteFieldBegin(ctx, "error", thrift.STRING, 1)
		out.WriteString(ctx, "not here")
		out.WriteFieldStop(ctx)
	default:
		out.WriteFieldBegin(ctx, "success", thrift.STRUCT, 0)
		out.WriteFieldBegin(ctx, "id", thrift.I64, 1)
		out.WriteI64(ctx, id)
		out.WriteFieldBegin(ctx, "name", thrift.STRING, 2)
		out.WriteString(ctx, text)
		out.WriteFieldBegin(ctx, "scores", thrift.MAP, 4)
		out.WriteMapBegin(ctx, thrift.STRING, thrift.DOUBLE, 1)
		out.WriteString(ctx, "ü")
		out.WriteDouble(ctx, -0.5)
		out.WriteFieldStop(ctx)
	}
	out.WriteFieldStop(ctx)
	out.WriteStructEnd(ctx)
}

// The bridge talks to Apache Thrift's server, in each protocol and transport.
func TestThriftREST(t *testing.T) {
	t.Parallel()
	config := &thrift.TConfiguration{}
	for _, c := range []struct {
		environment string
		protocol    thrift.TProtocolFactory
		transport   thrift.TTransportFactory
	}{
		{"PROTOCOL=binary FRAMED=1", thrift.NewTBinaryProtocolFactoryConf(config), thrift.NewTFramedTransportFactoryConf(thrift.NewTTransportFactory(), config)},
		{"PROTOCOL=compact FRAMED=1", thrift.NewTCompactProtocolFactoryConf(config), thrift.NewTFramedTransportFactoryConf(thrift.NewTTransportFactory(), config)},
		{"PROTOCOL=binary FRAMED=0", thrift.NewTBinaryProtocolFactoryConf(config), thrift.NewTBufferedTransportFactory(4096)},
		{"PROTOCOL=compact FRAMED=0", thrift.NewTCompactProtocolFactoryConf(config), thrift.NewTBufferedTransportFactory(4096)},
	} {
		t.Run(c.environment, func(t *testing.T) {
			t.Parallel()
			server, err := thrift.NewTServerSocket("127.0.0.1:0")
			if err == nil {
				err = server.Listen()
			}
			if err != nil {
				t.Fatal(err)
			}
			simple := thrift.NewTSimpleServer4(users{}, server, c.transport, c.protocol)
			go simple.Serve()
			t.Cleanup(func() { simple.Stop() })
			s := newSandbox(t, "thrift-rest")
			backend := harness.Addr(server.Addr().(*net.TCPAddr).Port)
			w := s.start("BACKEND=" + backend + " " + c.environment + " bin/weir examples/thrift-rest/main.js")
			w.WaitLog("Listening")
			for _, r := range []struct {
				method, path, body, want string
			}{
				{"GET", "/users/7", "", `{"id":7,"name":"","scores":{"ü":-0.5}}` + "\n200"},
				{"GET", "/users/-9007199254740993", "", `{"id":"-9007199254740993","name":"","scores":{"ü":-0.5}}` + "\n200"},
				{"GET", "/users/9223372036854775808", "", `{"error":"id has to be an integer of 64 bits"}` + "\n400"},
				{"GET", "/users/404", "", `{"error":"not here"}` + "\n404"},
				{"POST", "/users", `{"name":"Grüße","tags":["a"],"scores":{"x":1}}`, `{"id":0,"name":"Grüße","scores":{"ü":-0.5}}` + "\n201"},
				{"POST", "/users", `{"name":"x","colour":"red"}`, `{"error":"colour is not known"}` + "\n400"},
				{"POST", "/users", `[]`, `{"error":"the body has to be a JSON object"}` + "\n400"},
				{"POST", "/users", `{`, `{"error":"the body has to be a JSON object"}` + "\n400"},
				{"POST", "/users", ``, `{"error":"name is missing"}` + "\n400"},
				{"DELETE", "/users/1", "", "204"},
				{"PUT", "/users/1", "", `{"error":"wrong method"}` + "\n405"},
				{"DELETE", "/users/3", "", `{"error":"the backend has failed"}` + "\n502"},
				{"GET", "/users", "", `{"error":"the backend has failed"}` + "\n502"},
				{"GET", "/nothing", "", `{"error":"no such resource"}` + "\n404"},
			} {
				got := harness.Curl(t, "-X", r.method, "--data-binary", r.body, "-w", "%{http_code}", "http://"+harness.Addr(s.ports["8000"])+r.path)
				if got != r.want {
					t.Errorf("%s %s %s: %s\nwant %s", r.method, r.path, r.body, got, r.want)
				}
			}
			w.WaitLog("all: out of order")
		})
	}
}
