package filter

import (
	"errors"

	"weir/internal/pipeline"
	"weir/internal/proto/socks"
	"weir/internal/script"
	"weir/internal/stream"
)

func init() {
	pipeline.Register(pipeline.Spec{
		Name: "acceptSOCKS", Length: 1, Joint: true, NameFirst: true,
		Sig: "acceptSOCKS(handler: (req: {id, ip, domain, port, username, password})=>boolean|Promise<boolean>, options?: object).to(...)",
		Rows: []script.Row{
			{Path: "acceptSOCKS:Request#id", Kind: "property", Signature: "string|undefined"},
			{Path: "acceptSOCKS:Request#ip", Kind: "property", Signature: "string|undefined"},
			{Path: "acceptSOCKS:Request#domain", Kind: "property", Signature: "string|undefined"},
			{Path: "acceptSOCKS:Request#port", Kind: "property", Signature: "number"},
			{Path: "acceptSOCKS:Request#username", Kind: "property", Signature: "string|undefined [beyond]"},
			{Path: "acceptSOCKS:Request#password", Kind: "property", Signature: "string|undefined [beyond]"},
			{Path: "option:acceptSOCKS.authenticate", Kind: "option",
				Signature: "boolean = false | (username: string, password: string) => boolean|Promise<boolean> [beyond]"},
		},
		Build: func(b *pipeline.Build) (pipeline.Def, error) {
			fn, err := b.FunctionArg(0)
			if err != nil {
				return nil, err
			}
			o, err := options(b, 1)
			if err != nil {
				return nil, err
			}
			d := &acceptSOCKSDef{handler: fn, target: b.Target()}
			if v := o.Value("authenticate"); b.IsFunction(v) {
				d.authenticate, d.passwords = b.Hold(v), true
			} else if d.passwords = o.Bool("authenticate", false); o.Err() != nil {
				return nil, errors.New("options.authenticate expects a boolean or a function")
			}
			return d, nil
		},
	})
}

// acceptSOCKSDef declares acceptSOCKS(handler, options).to(target).
type acceptSOCKSDef struct {
	handler      *script.Ref
	passwords    bool        // clients have to give a user name and a password
	authenticate *script.Ref // decides about them; nil leaves that to the handler
	target       *pipeline.Target
}

// New implements pipeline.Def.
func (d *acceptSOCKSDef) New() pipeline.Filter {
	return &acceptSOCKS{def: d, socks: socks.Server{Passwords: d.passwords}}
}

// acceptSOCKS is the server side of SOCKS 4, 4a and 5.
type acceptSOCKS struct {
	pipeline.Base
	def    *acceptSOCKSDef
	socks  socks.Server
	server tunnelServer
}

// Process implements pipeline.Filter.
func (f *acceptSOCKS) Process(e stream.Event) {
	if f.server.receive(&f.Base, e) {
		f.negotiate()
		f.server.in.Own()
	}
}

func (f *acceptSOCKS) negotiate() {
	out := new(stream.Data)
	q, err := f.socks.Next(&f.server.in, out)
	f.send(out)
	switch {
	case err != nil:
		f.refuse(err)
	case q == socks.AskRequest:
		f.server.ask(&f.Base, f.def.handler, f.answer(q), f.request())
	case q == socks.AskPassword && f.def.authenticate != nil:
		r := f.Realm()
		f.server.ask(&f.Base, f.def.authenticate, f.answer(q), r.String(f.socks.Username), r.String(f.socks.Password))
	case q == socks.AskPassword:
		f.answer(q)(true, nil)
	}
}

func (f *acceptSOCKS) send(out *stream.Data) {
	if !out.Empty() {
		f.Output(out)
	}
}

// refuse ends the stream because of what the client said. Asking for what there is not is no violation of the protocol.
func (f *acceptSOCKS) refuse(err error) {
	var command socks.CommandError
	if errors.As(err, &command) || errors.Is(err, socks.ErrMethod) || errors.Is(err, socks.ErrType) {
		logPeer(&f.Base, err)
		f.server.finish(&f.Base, new(stream.StreamEnd))
		return
	}
	f.server.finish(&f.Base, protocolError(&f.Base, err))
}

// request is the object the handler gets.
func (f *acceptSOCKS) request() script.Value {
	r, s := f.Realm(), &f.socks
	text := func(s string, given bool) script.Value {
		if !given {
			return script.Undefined
		}
		return r.String(s)
	}
	o := r.NewObject()
	r.Set(o, "id", text(s.ID, s.Version == 4))
	r.Set(o, "ip", text(s.Target.IP.String(), s.Target.IP.IsValid()))
	r.Set(o, "domain", text(s.Target.Domain, !s.Target.IP.IsValid()))
	r.Set(o, "port", script.Int(int(s.Target.Port)))
	if s.HasUser {
		r.Set(o, "username", r.String(s.Username))
		r.Set(o, "password", r.String(s.Password))
	}
	return o
}

// answer returns what answers a question of the codec.
func (f *acceptSOCKS) answer(q socks.Question) func(yes bool, failure *stream.StreamEnd) {
	return func(yes bool, failure *stream.StreamEnd) {
		out := new(stream.Data)
		if failure != nil {
			f.socks.Fail(out, q)
		} else {
			f.socks.Answer(out, q, yes)
		}
		f.send(out)
		switch {
		case failure != nil:
			f.server.finish(&f.Base, failure)
		case !yes:
			f.server.finish(&f.Base, new(stream.StreamEnd))
		case q == socks.AskPassword:
			f.negotiate()
		default:
			f.server.accept(&f.Base, f.def.target.Layout)
		}
	}
}

// Reset implements pipeline.Filter.
func (f *acceptSOCKS) Reset() { f.server.reset() }
