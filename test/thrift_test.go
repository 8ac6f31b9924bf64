//go:build linux

package test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/apache/thrift/lib/go/thrift"

	"weir/test/harness"
)

// thriftEcho answers each call with the struct it came with, as a reply of the same name; values are copied type by type.
type thriftEcho struct{ t *testing.T }

func (p thriftEcho) Process(ctx context.Context, in, out thrift.TProtocol) (bool, thrift.TException) {
	name, _, seq, err := in.ReadMessageBegin(ctx)
	if err != nil {
		return false, thrift.WrapTException(err)
	}
	if err := out.WriteMessageBegin(ctx, name, thrift.REPLY, seq); err != nil {
		return false, thrift.WrapTException(err)
	}
	if err := copyThrift(ctx, in, out, thrift.STRUCT); err != nil {
		p.t.Error(err)
	}
	in.ReadMessageEnd(ctx)
	out.WriteMessageEnd(ctx)
	return true, thrift.WrapTException(out.Flush(ctx))
}

func (p thriftEcho) ProcessorMap() map[string]thrift.TProcessorFunction  { return nil }
func (p thriftEcho) AddToProcessorMap(string, thrift.TProcessorFunction) {}

// copyThrift reads a value from one protocol and writes it to another.
func copyThrift(ctx context.Context, in, out thrift.TProtocol, t thrift.TType) (err error) {
	switch t {
	case thrift.STRUCT:
		in.ReadStructBegin(ctx)
		out.WriteStructBegin(ctx, "")
		for {
			_, ft, id, err := in.ReadFieldBegin(ctx)
			if err != nil || ft == thrift.STOP {
				out.WriteFieldStop(ctx)
				out.WriteStructEnd(ctx)
				in.ReadStructEnd(ctx)
				return err
			}
			out.WriteFieldBegin(ctx, "", ft, id)
			if err := copyThrift(ctx, in, out, ft); err != nil {
				return err
			}
			in.ReadFieldEnd(ctx)
			out.WriteFieldEnd(ctx)
		}
	case thrift.LIST, thrift.SET:
		et, n, err := in.ReadListBegin(ctx) // a set is written like a list
		if err != nil {
			return err
		}
		out.WriteListBegin(ctx, et, n)
		for range n {
			if err := copyThrift(ctx, in, out, et); err != nil {
				return err
			}
		}
		in.ReadListEnd(ctx)
		return out.WriteListEnd(ctx)
	case thrift.MAP:
		kt, vt, n, err := in.ReadMapBegin(ctx)
		if err != nil {
			return err
		}
		out.WriteMapBegin(ctx, kt, vt, n)
		for range n {
			if err := copyThrift(ctx, in, out, kt); err != nil {
				return err
			}
			if err := copyThrift(ctx, in, out, vt); err != nil {
				return err
			}
		}
		in.ReadMapEnd(ctx)
		return out.WriteMapEnd(ctx)
	case thrift.BOOL:
		return moveThrift(in.ReadBool, out.WriteBool)(ctx)
	case thrift.BYTE:
		return moveThrift(in.ReadByte, out.WriteByte)(ctx)
	case thrift.I16:
		return moveThrift(in.ReadI16, out.WriteI16)(ctx)
	case thrift.I32:
		return moveThrift(in.ReadI32, out.WriteI32)(ctx)
	case thrift.I64:
		return moveThrift(in.ReadI64, out.WriteI64)(ctx)
	case thrift.DOUBLE:
		return moveThrift(in.ReadDouble, out.WriteDouble)(ctx)
	case thrift.UUID:
		return moveThrift(in.ReadUUID, out.WriteUUID)(ctx)
	case thrift.STRING:
		return moveThrift(in.ReadBinary, out.WriteBinary)(ctx)
	}
	return fmt.Errorf("type %v", t)
}

func moveThrift[T any](read func(context.Context) (T, error), write func(context.Context, T) error) func(context.Context) error {
	return func(ctx context.Context) error {
		v, err := read(ctx)
		if err != nil {
			return err
		}
		return write(ctx, v)
	}
}

// TestThrift lets Apache Thrift's client and server talk through weir, in each protocol and transport.
func TestThrift(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	config := &thrift.TConfiguration{}
	protocols := map[string]thrift.TProtocolFactory{"binary": thrift.NewTBinaryProtocolFactoryConf(config), "compact": thrift.NewTCompactProtocolFactoryConf(config)}
	transports := map[string]thrift.TTransportFactory{"framed": thrift.NewTFramedTransportFactoryConf(thrift.NewTTransportFactory(), config),
		"buffered": thrift.NewTBufferedTransportFactory(4096)}
	for pname, protocol := range protocols {
		for tname, transport := range transports {
			t.Run(pname+" "+tname, func(t *testing.T) {
				server, err := thrift.NewTServerSocket("127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				if err := server.Listen(); err != nil {
					t.Fatal(err)
				}
				s := thrift.NewTSimpleServer4(thriftEcho{t}, server, transport, protocol)
				go s.Serve()
				t.Cleanup(func() { s.Stop() })
				port := harness.Port(t)
				harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
					var seen = 0
					pipy.listen(%d, $=>$
						.decodeThrift().handleMessageEnd(e => { e.payload.name += '!' }).encodeThrift()
						.connect('127.0.0.1:%d')
						.decodeThrift().encodeThrift()
					)
				`, port, server.Addr().(*net.TCPAddr).Port)})
				socket := thrift.NewTSocketConf(harness.Addr(port), config)
				trans, err := transport.GetTransport(socket)
				if err == nil {
					err = trans.Open()
				}
				if err != nil {
					t.Fatal(err)
				}
				defer trans.Close()
				p := protocol.GetProtocol(trans)
				for seq := range int32(3) {
					if err := callThrift(ctx, p, seq); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

// callThrift calls a method with values of all types and checks that they come back.
func callThrift(ctx context.Context, p thrift.TProtocol, seq int32) error {
	sent := thrift.NewTMemoryBuffer()
	want := thrift.NewTBinaryProtocolConf(sent, nil)
	write := func(out thrift.TProtocol) {
		field := func(t thrift.TType, id int16) { out.WriteFieldBegin(ctx, "", t, id) }
		out.WriteStructBegin(ctx, "")
		field(thrift.BOOL, 1)
		out.WriteBool(ctx, true)
		field(thrift.BYTE, 2)
		out.WriteByte(ctx, -7)
		field(thrift.I16, 3)
		out.WriteI16(ctx, -30000)
		field(thrift.I32, 40)
		out.WriteI32(ctx, -2000000000)
		field(thrift.I64, 5)
		out.WriteI64(ctx, -9007199254740993)
		field(thrift.DOUBLE, 6)
		out.WriteDouble(ctx, -1e-300)
		field(thrift.STRING, 7)
		out.WriteString(ctx, "Grüße")
		field(thrift.STRING, 8)
		out.WriteBinary(ctx, make([]byte, 100000))
		field(thrift.UUID, 9)
		out.WriteUUID(ctx, thrift.Tuuid{1, 2, 3, 255})
		field(thrift.LIST, 10)
		out.WriteListBegin(ctx, thrift.BOOL, 2)
		out.WriteBool(ctx, true)
		out.WriteBool(ctx, false)
		out.WriteListEnd(ctx)
		field(thrift.MAP, 11)
		out.WriteMapBegin(ctx, thrift.STRING, thrift.LIST, 1)
		out.WriteString(ctx, "key")
		out.WriteListBegin(ctx, thrift.I64, 20)
		for i := range 20 {
			out.WriteI64(ctx, 1<<(3*i))
		}
		out.WriteListEnd(ctx)
		out.WriteMapEnd(ctx)
		out.WriteFieldStop(ctx)
		out.WriteStructEnd(ctx)
	}
	write(want)
	if err := p.WriteMessageBegin(ctx, "echo", thrift.CALL, seq); err != nil {
		return err
	}
	write(p)
	p.WriteMessageEnd(ctx)
	if err := p.Flush(ctx); err != nil {
		return err
	}
	name, kind, number, err := p.ReadMessageBegin(ctx)
	if err != nil {
		return err
	}
	if name != "echo!" || kind != thrift.REPLY || number != seq {
		return fmt.Errorf("reply %s of type %v, number %d", name, kind, number)
	}
	got := thrift.NewTMemoryBuffer()
	if err := copyThrift(ctx, p, thrift.NewTBinaryProtocolConf(got, nil), thrift.STRUCT); err != nil {
		return err
	}
	if got.String() != sent.String() {
		return fmt.Errorf("sent %.400q\ncame back %.400q", sent.String(), got.String())
	}
	return p.ReadMessageEnd(ctx)
}
