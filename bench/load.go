//go:build linux

package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	staticBody  = "Hello, world!\n"
	connections = 64 // of wrk
	slack       = 15 * time.Second
)

// proxyBody is the backend's 1 KiB body.
var proxyBody = strings.Repeat("0123456789abcdef", 64)

// count is what one measurement did, in requests, exchanges, connections or bytes.
type count struct {
	done    float64
	seconds float64
	cpu     time.Duration // used by the load generator
}

var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in ([\d.]+)(ms|s|m)`)
	wrkErrors   = regexp.MustCompile(`Non-2xx.*|Socket errors:.*`)
)

// urlOf makes the URL of a path on a local port.
type urlOf func(port int, path string) string

func plain(port int, path string) string  { return "http://" + loopback(port) + path }
func secure(port int, path string) string { return "https://" + loopback(port) + path }

// wrk measures keep-alive requests.
func wrk(e *env, cpus []int, url string) (count, error) {
	out, cpu, err := e.tool(cpus, e.length+slack, "wrk", "-t1", "-c"+strconv.Itoa(connections),
		"-d"+strconv.Itoa(int(e.length.Seconds()))+"s", url)
	if err != nil {
		return count{}, err
	}
	return parseWrk(out, cpu)
}

func parseWrk(out string, cpu time.Duration) (count, error) {
	if bad := wrkErrors.FindString(out); bad != "" {
		return count{}, errors.New(bad)
	}
	m := wrkRequests.FindStringSubmatch(out)
	if m == nil {
		return count{}, fmt.Errorf("wrk printed no count: %s", firstLines(out, 3))
	}
	done, err1 := strconv.ParseFloat(m[1], 64)
	length, err2 := time.ParseDuration(m[2] + m[3])
	if err := errors.Join(err1, err2); err != nil {
		return count{}, err
	}
	if done == 0 {
		return count{}, errors.New("not one request was answered")
	}
	return count{done, length.Seconds(), cpu}, nil
}

// ownLoad runs bench/load.
func ownLoad(e *env, args ...string) (count, error) {
	c, _, err := lossyLoad(e, args...)
	return c, err
}

// lossyLoad is ownLoad where some may be lost.
func lossyLoad(e *env, args ...string) (c count, lost int, err error) {
	out, cpu, err := e.tool(e.loadCPU, e.length+slack, e.load, append(args, "-time", e.length.String())...)
	if err != nil {
		return c, 0, err
	}
	var r struct {
		Count, Errors, Seconds float64
		Lost                   int
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		return c, 0, fmt.Errorf("load printed %q: %w", out, err)
	}
	if r.Errors > 0 || r.Count == 0 {
		return c, 0, fmt.Errorf("%.0f answers and %.0f errors", r.Count, r.Errors)
	}
	return count{r.Count, r.Seconds, cpu}, r.Lost, nil
}

// iperf measures one connection through a proxy, in bytes. The iperf3 server runs behind it already. It serves one client
// at a time and now and then still has the last one when the next comes, whatever proxy is between them: it is asked again.
func iperf(e *env, port int, flags ...string) (c count, err error) {
	for range 3 {
		if c, err = iperfOnce(e, port, flags...); err == nil {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	return c, err
}

func iperfOnce(e *env, port int, flags ...string) (count, error) {
	args := append([]string{"-c", "127.0.0.1", "-p", strconv.Itoa(port), "--json",
		"-t", strconv.Itoa(int(e.length.Seconds()))}, flags...)
	out, cpu, err := e.tool(e.loadCPU, e.length+slack, "iperf3", args...)
	if err != nil {
		return count{}, err
	}
	var r struct {
		Error string
		End   struct {
			Received struct{ Bytes, Seconds float64 } `json:"sum_received"`
		}
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		return count{}, fmt.Errorf("iperf3's answer: %w", err)
	}
	if r.Error != "" || r.End.Received.Bytes == 0 {
		return count{}, fmt.Errorf("iperf3: no bytes received %s", r.Error)
	}
	return count{r.End.Received.Bytes, r.End.Received.Seconds, cpu}, nil
}

// verify fetches a page once and compares status and body. An empty want only asks for some body. Any certificate will do.
func verify(url, want string) error {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	res, err := client.Get(url)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || len(body) == 0 || want != "" && string(body) != want {
		return fmt.Errorf("wrong answer: status %d, body %.60q", res.StatusCode, body)
	}
	return nil
}
