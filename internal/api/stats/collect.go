package stats

import (
	"bytes"
	"errors"

	"github.com/klauspost/compress/gzip"

	"weir/internal/event"
	"weir/internal/httphead"
	"weir/internal/metrics"
	"weir/internal/pipeline"
	"weir/internal/proto/http1"
	"weir/internal/proto/httpcond"
	"weir/internal/script"
	"weir/internal/stream"
)

// collect returns a promise for something about the metrics of all workers. prepare runs on a goroutine of its own, and finish
// makes a script value of what it returned.
func collect[T any](c *script.Call, prepare func([]*metrics.Metric) (T, error), finish func(*script.Realm, T) script.Value) script.Value {
	w := pipeline.WorldOf(c.Realm)
	promise, resolver := c.NewPromise()
	w.Loop.Hold()
	w.Metrics.Hub().Collect(func(ms []*metrics.Metric) {
		result, err := prepare(ms)
		w.Post(func() {
			switch r := w.Realm; {
			case r.Closed():
			case err != nil:
				resolver.Reject(r.ErrorValue(err))
			default:
				resolver.Resolve(finish(r, result))
			}
		})
		w.Loop.Unhold()
	})
	return promise
}

func sum(c *script.Call) (script.Value, error) {
	if err := c.Need(1); err != nil {
		return script.Undefined, err
	}
	names, err := texts(c, 0)
	if err != nil {
		return script.Undefined, err
	}
	find := func(all []*metrics.Metric) ([]*metrics.Metric, error) {
		byName := make(map[string]*metrics.Metric, len(all))
		for _, m := range all {
			byName[m.Name] = m
		}
		var found []*metrics.Metric
		for _, n := range names {
			if m := byName[n]; m != nil {
				found = append(found, m)
			}
		}
		return found, nil
	}
	return collect(c, find, func(r *script.Realm, found []*metrics.Metric) script.Value {
		o := r.NewObject()
		for _, m := range found {
			r.Set(o, m.Name, wrap(r, m.Root()))
		}
		return o
	}), nil
}

func exposition(c *script.Call) (script.Value, error) {
	format := metrics.Text
	if c.Has(0) {
		name, err := c.Str(0)
		if err != nil {
			return script.Undefined, err
		}
		switch name {
		case "prometheus":
		case "openmetrics":
			format = metrics.OpenMetrics
		default:
			return script.Undefined, script.EnumError(0)
		}
	}
	write := func(all []*metrics.Metric) ([]byte, error) {
		var b bytes.Buffer
		err := metrics.Write(&b, format, all)
		return b.Bytes(), err
	}
	return collect(c, write, func(r *script.Realm, text []byte) script.Value { return r.StringBytes(text) }), nil
}

// scrape answers the request of a Prometheus server: in the format it accepts, compressed if it likes.
func scrape(c *script.Call) (script.Value, error) {
	format, zip := metrics.Text, false
	if c.Has(0) {
		m, err := script.ArgAs[*stream.Message](c, 0, "an instance of pipy::Message")
		if err != nil {
			return script.Undefined, err
		}
		request, err := httphead.RequestOf(c.Realm, m.Head)
		if err != nil {
			return script.Undefined, err
		}
		if accept, ok := request.Headers.Get("accept"); ok {
			format = metrics.Negotiate(accept)
		}
		encoding, _ := request.Headers.Get("accept-encoding")
		zip = httpcond.ParseAcceptEncoding(encoding).Weight("gzip") > 0
	}
	write := func(all []*metrics.Metric) ([]byte, error) {
		var b bytes.Buffer
		if !zip {
			err := metrics.Write(&b, format, all)
			return b.Bytes(), err
		}
		z := gzip.NewWriter(&b)
		err := errors.Join(metrics.Write(z, format, all), z.Close())
		return b.Bytes(), err
	}
	return collect(c, write, func(r *script.Realm, body []byte) script.Value {
		headers := http1.Headers{{Name: "content-type", Value: format.ContentType}}
		if zip {
			headers = append(headers, http1.Header{Name: "content-encoding", Value: "gzip"})
		}
		return event.NewMessage(r, &stream.Message{Head: httphead.Response(200, headers), Body: stream.NewData(body)})
	}), nil
}
