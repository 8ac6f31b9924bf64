package filter

import (
	"strconv"

	"weir/internal/payload"
	"weir/internal/pipeline"
	"weir/internal/plain"
	"weir/internal/proto/fastcgi"
	"weir/internal/script"
	"weir/internal/stream"
)

const fastCGIRows = `fcgi:RequestHead#role	int = 1
fcgi:RequestHead#keepAlive	boolean = false
fcgi:RequestHead#params	object | null
fcgi:ResponseTail#appStatus	int = 0
fcgi:ResponseTail#protocolStatus	int = 0
fcgi:ResponseTail#stderr	Data | null
`

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "demuxFastCGI", Joint: true, NameFirst: true,
		Sig: "demuxFastCGI(options?: {maxParamsSize?: size, maxRequests?: int}).to(pipeline)",
		Rows: append(rowsOf(fastCGIRows),
			script.Row{Path: "option:demuxFastCGI.maxParamsSize", Kind: "option", Signature: "size = 64k [beyond]"},
			script.Row{Path: "option:demuxFastCGI.maxRequests", Kind: "option", Signature: "int = 1000 [beyond]"}),
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			o, err := options(b, 0)
			if err != nil {
				return nil, err
			}
			return &demuxFastCGIDef{b.Target(), int(o.Size("maxParamsSize", 64<<10)), o.Int("maxRequests", 1000)}, o.Err()
		},
	})
}

// fastCGITail is the tail of a response.
type fastCGITail struct {
	AppStatus      int          `js:"appStatus"`
	ProtocolStatus int          `js:"protocolStatus"`
	Stderr         *stream.Data `js:"stderr"`
}

type demuxFastCGIDef struct {
	target        *pipeline.Target
	maxParamsSize int
	maxRequests   int
}

func (d *demuxFastCGIDef) New() pipeline.Filter {
	return &demuxFastCGI{def: d, requests: map[uint16]*fastCGIRequest{}}
}

// demuxFastCGI is the server side of FastCGI: each request gets a sub-pipeline, whose output is the response.
type demuxFastCGI struct {
	pipeline.Base
	def      *demuxFastCGIDef
	decoder  fastcgi.Decoder
	requests map[uint16]*fastCGIRequest // the open ones
	out      *stream.Data               // to be output at the end of the turn, nil if there is nothing
	end      *stream.StreamEnd          // the client's, until all requests are done
	closing  bool                       // the connection is to end with what is in out
	ended    bool                       // a StreamEnd was output
}

// fastCGIRequest is a request and its sub-pipeline.
type fastCGIRequest struct {
	f         *demuxFastCGI
	id        uint16
	head      fastcgi.RequestHead
	params    []byte
	pipe      *pipeline.Pipeline // nil until the parameters are complete
	fed       bool               // the request is complete
	inMessage bool               // the response has begun
	done      bool
}

func (f *demuxFastCGI) Process(e stream.Event) {
	if f.ended || f.closing {
		return
	}
	switch e := e.(type) {
	case *stream.Data:
		for _, p := range e.Segments() {
			for len(p) > 0 && !f.ended && !f.closing && !f.Ended() {
				n, done := f.decoder.Feed(p)
				p = p[n:]
				if done {
					f.take(f.decoder.Record())
				}
			}
		}
	case *stream.StreamEnd:
		f.end = e
		if e.Code != stream.NoError {
			f.drop()
		}
		f.settle()
	}
}

// take handles a record of the client.
func (f *demuxFastCGI) take(rec fastcgi.Record) {
	if rec.ID == 0 {
		f.manage(rec)
		return
	}
	q := f.requests[rec.ID]
	switch {
	case rec.Type == fastcgi.BeginRequest:
		if q == nil {
			f.begin(rec)
		}
	case q == nil:
	case rec.Type == fastcgi.AbortRequest:
		q.finish(&fastCGITail{})
	case rec.Type == fastcgi.Params && q.pipe == nil:
		if len(rec.Content) == 0 {
			q.start()
			return
		}
		if len(q.params)+len(rec.Content) > f.def.maxParamsSize {
			f.fail("the parameters of a request are larger than maxParamsSize")
			return
		}
		q.params = append(q.params, rec.Content...)
	case rec.Type == fastcgi.Stdin && q.pipe != nil && !q.fed:
		if len(rec.Content) > 0 {
			q.pipe.Process(stream.NewTransient(rec.Content))
			return
		}
		q.fed = true
		q.pipe.Process(&stream.MessageEnd{})
	}
}

// manage answers a record that belongs to no request.
func (f *demuxFastCGI) manage(rec fastcgi.Record) {
	if rec.Type != fastcgi.GetValues {
		f.write(fastcgi.Append(nil, fastcgi.UnknownType, 0, []byte{byte(rec.Type), 7: 0}))
		return
	}
	asked, err := fastcgi.ParsePairs(rec.Content)
	if err != nil {
		f.fail(err.Error())
		return
	}
	var answer []byte
	for _, v := range asked {
		switch v.Name {
		case "FCGI_MAX_CONNS", "FCGI_MAX_REQS":
			answer = fastcgi.AppendPair(answer, v.Name, strconv.Itoa(f.def.maxRequests))
		case "FCGI_MPXS_CONNS":
			answer = fastcgi.AppendPair(answer, v.Name, "1")
		}
	}
	f.write(fastcgi.Append(nil, fastcgi.GetValuesResult, 0, answer))
}

func (f *demuxFastCGI) begin(rec fastcgi.Record) {
	role, keepAlive, err := fastcgi.ParseBegin(rec.Content)
	if err != nil {
		f.fail(err.Error())
		return
	}
	q := &fastCGIRequest{f: f, id: rec.ID, head: fastcgi.RequestHead{Role: role, KeepAlive: keepAlive}}
	switch {
	case role < fastcgi.Responder || role > fastcgi.Filter:
		q.finish(&fastCGITail{ProtocolStatus: fastcgi.UnknownRole})
	case len(f.requests) >= f.def.maxRequests:
		q.finish(&fastCGITail{ProtocolStatus: fastcgi.Overloaded})
	default:
		f.requests[rec.ID] = q
	}
}

// start runs the sub-pipeline once the parameters are complete.
func (q *fastCGIRequest) start() {
	f := q.f
	var err error
	if q.head.Params, err = fastcgi.ParsePairs(q.params); err != nil {
		f.fail(err.Error())
		return
	}
	q.params = nil
	q.pipe = f.SubClone(f.def.target.Layout, q)
	q.pipe.Start()
	q.pipe.Process(&stream.MessageStart{Head: payload.Of(&q.head)})
}

// Process takes the output of the sub-pipeline.
func (q *fastCGIRequest) Process(e stream.Event) {
	if q.done {
		return
	}
	switch e := e.(type) {
	case *stream.MessageStart:
		q.inMessage = true
	case *stream.Data:
		if q.inMessage {
			fastcgi.PushStream(q.f.output(), fastcgi.Stdout, q.id, e.Clone())
		}
	case *stream.MessageEnd:
		if !q.inMessage {
			return
		}
		tail, _, err := payload.Struct(q.f.Realm(), e.Tail, fastCGITail{})
		if err != nil {
			q.f.World().Report(err)
		}
		q.finish(tail)
	case *stream.StreamEnd:
		q.finish(&fastCGITail{})
	}
}

// finish ends the response.
func (q *fastCGIRequest) finish(tail *fastCGITail) {
	f := q.f
	q.done = true
	delete(f.requests, q.id)
	out := f.output()
	if tail.Stderr != nil && !tail.Stderr.Empty() {
		fastcgi.PushStream(out, fastcgi.Stderr, q.id, tail.Stderr.Clone())
		out.Append(fastcgi.Append(nil, fastcgi.Stderr, q.id, nil))
	}
	end := fastcgi.Append(nil, fastcgi.Stdout, q.id, nil)
	out.Append(fastcgi.AppendEnd(end, q.id, uint32(tail.AppStatus), byte(tail.ProtocolStatus)))
	if q.pipe != nil {
		q.pipe.Release()
	}
	if !q.head.KeepAlive {
		f.closing = true
		f.drop()
	}
	f.settle()
}

// output returns what is output at the end of the turn.
func (f *demuxFastCGI) output() *stream.Data {
	if f.out == nil {
		f.out = new(stream.Data)
		f.World().FlushLater(f)
	}
	return f.out
}

func (f *demuxFastCGI) write(b []byte) { f.output().Append(b) }

// Flush implements pipeline.Flusher.
func (f *demuxFastCGI) Flush() {
	out := f.out
	f.out = nil
	if f.ended || f.Ended() {
		return
	}
	f.Output(out)
	f.settle()
}

// settle ends the connection once nothing is left to do.
func (f *demuxFastCGI) settle() {
	if f.ended || f.out != nil || len(f.requests) > 0 || f.Ended() {
		return
	}
	end := f.end
	if f.closing {
		end = &stream.StreamEnd{}
	}
	if end != nil {
		f.ended = true
		f.Output(end)
	}
}

func (f *demuxFastCGI) fail(why string) {
	f.Warn(why)
	f.drop()
	f.ended = true
	f.Output(&stream.StreamEnd{Code: stream.ProtocolError})
}

// drop lets go of the open requests.
func (f *demuxFastCGI) drop() {
	for id, q := range f.requests {
		delete(f.requests, id)
		q.done = true
		if q.pipe != nil {
			q.pipe.Release()
		}
	}
}

func (f *demuxFastCGI) Reset() { f.drop() }

// fastCGIParams returns parameters as plain data in which every value is text.
func fastCGIParams(o plain.Object) plain.Object {
	list := make(plain.Object, 0, len(o))
	for _, p := range o {
		if s, ok := plain.Text(p.Value); ok {
			list = append(list, plain.Field{Name: p.Name, Value: s})
		}
	}
	return list
}
