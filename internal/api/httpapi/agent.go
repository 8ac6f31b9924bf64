package httpapi

import (
	"errors"
	"fmt"
	"strings"

	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/script"
	"weir/internal/stream"
)

var agentClass = &script.Class{
	Name: "Agent", Path: "http.Agent", Length: 2, Bound: true, Sig: "new http.Agent(host: string, options?: object)",
	New: newAgent,
	Methods: []script.Method{{Name: "request", Length: 4, Fn: request,
		Sig: "request(req: Message) | request(method: string, path: string, headers?: object, body?: string|Data): Promise<Message>"}},
}

func agentRows() []script.Row {
	rows := []script.Row{{Path: "option:http.Agent.tls", Kind: "option", Signature: "connectTLS options object"}}
	for _, group := range []struct{ filter, names string }{
		{"connect", "protocol bind retryCount retryDelay connectTimeout readTimeout writeTimeout idleTimeout " +
			"congestionLimit bufferLimit keepAlive noDelay onState"},
		{"muxHTTP", "maxIdle maxQueue maxMessages bufferSize maxHeaderSize version ping connectionWindowSize streamWindowSize"},
	} {
		for _, name := range strings.Fields(group.names) {
			rows = append(rows, script.Row{Path: "option:http.Agent." + name, Kind: "option",
				Signature: "as option:" + group.filter + "." + name})
		}
	}
	return append(rows, script.Row{Path: "option:http.Agent.maxBodySize", Kind: "option", Signature: "size = 64m [beyond]"})
}

// agent is a client of one host: a pipeline for requests, whose sessions are shared.
type agent struct {
	host    string
	layout  *pipeline.Layout
	maxBody int64 // of responses
}

func newAgent(c *script.Call) (any, error) {
	host, err := c.Str(0)
	if err != nil {
		return nil, err
	}
	opts := c.Arg(1)
	if !opts.IsNullish() && !opts.IsObject() || c.IsFunction(opts) {
		return nil, script.ArgError(1, "an object")
	}
	tls := c.Options(opts).Value("tls")
	if !tls.IsUndefined() && !tls.IsObject() {
		return nil, errors.New("options.tls expects an object")
	}
	port := "80"
	if tls.IsObject() {
		port = "443"
	}
	target := address(host, port)
	o := c.Options(opts)
	a := &agent{host: host, maxBody: o.Size("maxBodySize", http1.DefaultMaxBodySize)}
	if err := o.Err(); err != nil {
		return nil, err
	}
	build := c.NewFunction("", 1, func(b *script.Call) (script.Value, error) {
		key := b.NewFunction("", 0, func(*script.Call) (script.Value, error) { return script.Int(0), nil })
		connect := b.NewFunction("", 1, func(b *script.Call) (script.Value, error) {
			return invoke(b, "connect", b.String(target), opts)
		})
		if _, err := invoke(b, "muxHTTP", key, opts); err != nil {
			return script.Undefined, err
		}
		if !tls.IsObject() {
			return invoke(b, "to", connect)
		}
		return invoke(b, "to", b.NewFunction("", 1, func(b *script.Call) (script.Value, error) {
			if _, err := invoke(b, "connectTLS", tls); err != nil {
				return script.Undefined, err
			}
			return invoke(b, "to", connect)
		}))
	})
	if a.layout, err = pipeline.BuildLayout(c.Realm, pipeline.Modern, nil, build, "http.Agent"); err != nil {
		return nil, err
	}
	return a, nil
}

// invoke calls a method of the builder that a builder function was called with.
func invoke(b *script.Call, name string, args ...script.Value) (script.Value, error) {
	builder := b.Arg(0)
	f, err := b.Get(builder, name)
	if err != nil {
		return script.Undefined, err
	}
	if !b.IsFunction(f) {
		return script.Undefined, fmt.Errorf("%s is not available in this version yet", name)
	}
	return b.CallMethod(f, builder, args...)
}

// address completes a host with a port. An IPv6 address may stand without brackets if it has no port.
func address(host, port string) string {
	switch {
	case strings.HasPrefix(host, "["):
		if strings.HasSuffix(host, "]") {
			return host + ":" + port
		}
	case strings.Count(host, ":") > 1:
		return "[" + host + "]:" + port
	case !strings.Contains(host, ":"):
		return host + ":" + port
	}
	return host
}

// request is agent.request(...).
func request(c *script.Call) (script.Value, error) {
	a := script.This[*agent](c)
	head, body, err := requestArgs(c)
	if err != nil {
		return script.Undefined, err
	}
	if !head.Headers.Has("host") {
		head.Headers = append(http1.Headers{{Name: "host", Value: a.host}}, head.Headers...)
	}
	promise, resolver := c.NewPromise()
	x := &exchange{agent: a, resolver: resolver, realm: c.Realm}
	x.p = a.layout.New(c.NewContext(nil), x)
	x.p.OnResult(x.settle)
	x.p.Start()
	x.p.Process(&stream.MessageStart{Head: httphead.New(head, false)})
	if body != nil && !body.Empty() {
		x.p.Process(body)
	}
	x.p.Process(new(stream.MessageEnd))
	return promise, nil
}

func requestArgs(c *script.Call) (*http1.Head, *stream.Data, error) {
	if m, ok := event.MessageOf(c.Realm, c.Arg(0)); ok {
		h, err := httphead.RequestOf(c.Realm, m.Head)
		if err != nil {
			return nil, nil, err
		}
		h = &http1.Head{Method: h.Method, Path: h.Path, Headers: h.Headers.Clone()}
		if err := m.Load(); err != nil {
			return nil, nil, err
		}
		if m.Body == nil {
			return h, nil, nil
		}
		return h, m.Body.Clone(), nil
	}
	method, err := c.Str(0)
	if err != nil {
		return nil, nil, err
	}
	path, err := c.Str(1)
	if err != nil {
		return nil, nil, err
	}
	headers := c.Arg(2)
	if !headers.IsNullish() && !headers.IsObject() {
		return nil, nil, script.ArgError(2, "an object")
	}
	o := c.NewObject()
	c.Set(o, "headers", headers)
	h, err := httphead.RequestOf(c.Realm, c.Hold(o))
	if err != nil {
		return nil, nil, err
	}
	h.Method, h.Path = method, path
	if !c.Has(3) {
		return h, nil, nil
	}
	if s, ok := c.AsString(c.Arg(3)); ok {
		return h, stream.NewString(s), nil
	}
	if d, ok := event.DataOf(c.Realm, c.Arg(3)); ok {
		return h, d.Clone(), nil
	}
	return nil, nil, script.ArgError(3, "a string or a Data object")
}

// exchange collects the response to a request.
type exchange struct {
	agent    *agent
	realm    *script.Realm
	p        *pipeline.Pipeline
	resolver *script.Resolver
	message  *stream.Message
	failure  *script.Ref // what the promise is rejected with
	interim  bool
	done     bool
}

// Process implements pipeline.Input.
func (x *exchange) Process(e stream.Event) {
	if x.done {
		return
	}
	switch e := e.(type) {
	case *stream.MessageStart:
		h, ok := e.Head.(*httphead.Head)
		x.interim = ok && h.Status < 200 && h.Status != 101
		x.message = &stream.Message{Head: e.Head, Body: new(stream.Data)}
	case *stream.Data:
		if x.message == nil || x.interim {
			return
		}
		if x.message.Body.PushOwned(e); int64(x.message.Body.Size()) > x.agent.maxBody {
			x.fail(x.realm.ErrorValue(fmt.Errorf("response body exceeds %d bytes, raise maxBodySize", x.agent.maxBody)))
		}
	case *stream.MessageEnd:
		if x.message == nil || x.interim {
			return
		}
		x.message.Tail = e.Tail
		x.finish()
	case *stream.StreamEnd:
		status, text := http1.FailureStatus(e.Code)
		head := x.realm.FromGo(script.Object{{Name: "status", Value: status}, {Name: "statusText", Value: text}, {Name: "headers"}})
		x.fail(event.NewMessage(x.realm, &stream.Message{Head: x.realm.Hold(head)}))
	}
}

func (x *exchange) fail(v script.Value) {
	x.failure = x.realm.Hold(v)
	x.finish()
}

// finish lets the pipeline go. The promise is settled when that has ended, so that what a script does next finds the
// connection free.
func (x *exchange) finish() {
	x.done = true
	x.p.Release()
}

func (x *exchange) settle(script.Value) {
	switch {
	case x.failure != nil:
		x.resolver.Reject(x.failure.Value())
	case x.done:
		x.resolver.Resolve(event.NewMessage(x.realm, x.message))
	}
}
