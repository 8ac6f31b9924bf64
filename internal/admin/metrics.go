package admin

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"weir/internal/metrics"
	"weir/internal/proto/httpcond"
)

// metrics answers Prometheus: with the metrics of this process, and those of the instances that report to it.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request, _ string) {
	all := s.opts.Host.Metrics()
	if s.opts.Repo != nil {
		all = append(slices.Clip(all), s.opts.Repo.Instances().Metrics()...)
	}
	format := metrics.Negotiate(strings.Join(r.Header.Values("accept"), ", "))
	var b bytes.Buffer
	var out io.Writer = &b
	var zip *gzip.Writer
	w.Header().Set("vary", "accept, accept-encoding")
	if httpcond.ParseAcceptEncoding(strings.Join(r.Header.Values("accept-encoding"), ", ")).Weight("gzip") > 0 {
		zip = gzip.NewWriter(&b)
		out = zip
		w.Header().Set("content-encoding", "gzip")
	}
	err := metrics.Write(out, format, all)
	if zip != nil {
		err = errors.Join(err, zip.Close())
	}
	if err != nil {
		w.Header().Del("content-encoding")
		text(w, http.StatusInternalServerError, err.Error()+"\n")
		return
	}
	write(w, http.StatusOK, format.ContentType, b.Bytes())
}

// metricHistory answers /api/v1/metrics, /api/v1/metrics/NAME, /api/v1/metrics/UUID/ and /api/v1/metrics/UUID/NAME.
func (s *Server) metricHistory(w http.ResponseWriter, _ *http.Request, rest string) {
	uuid, name, ofInstance := strings.Cut(rest, "/")
	if !ofInstance {
		uuid, name = "", rest
	}
	if uuid == "" || uuid == s.opts.UUID {
		write(w, http.StatusOK, "application/json", s.history.AppendJSON(nil, name))
		return
	}
	if s.opts.Repo != nil {
		if history, ok := s.opts.Repo.Instances().MetricHistory(uuid, name); ok {
			write(w, http.StatusOK, "application/json", history)
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}
