package worker

import (
	"weir/internal/api/console"
	"weir/internal/api/pipy"
	"weir/internal/codebase"
	"weir/internal/logs"
	"weir/internal/script"
)

// host gives a realm its codebase and its log.
type host struct {
	code *codebase.Codebase
	log  *logs.Logger
}

func (h *host) ResolveModule(spec, importer string) (string, error) {
	return h.code.Resolve(spec, importer)
}

func (h *host) ReadModule(path string) (string, error) {
	b, err := h.code.Read(path)
	return string(b), err
}

func (h *host) Dump(r *script.Realm, v script.Value) string { return console.Dump(r, v) }

func (h *host) Unhandled(r *script.Realm, reason script.Value) {
	h.log.Errorf("[pjs] Uncaught exception from promise: %s", console.Dump(r, reason))
	if r.IsError(reason) {
		for _, line := range r.Describe(r.ErrorOf(reason)) {
			h.log.Errorf("[pjs] %s", line)
		}
	}
}

func (h *host) Report(r *script.Realm, err *script.Error) {
	for _, line := range r.Describe(err) {
		h.log.Errorf("[pjs] %s", line)
	}
}

func (h *host) Log(text string) { h.log.Errorf("%s", text) }

func (h *host) InboundValue(r *script.Realm, inbound any) script.Value {
	return pipy.InboundValue(r, inbound)
}
