//go:build linux

// Command bench compares weir with nginx, HAProxy and Go's standard library, side by side in one run: the server
// pinned to the first CPU, the load and the backends to the last one, the peers taking turns so that the machine's
// noise hits all alike. See README.md for what each case measures and how to read the figures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	quick := flag.Bool("quick", false, "a rough answer in two minutes: two short rounds")
	only := flag.String("only", "", "comma-separated `cases` to run: a,b,c,d,e,f,g,h,i,j,k,l,m,n")
	peers := flag.String("peers", "", "comma-separated `words`: run only peers whose name contains one of them")
	runs := flag.Int("runs", 0, "rounds per case (default 5, quick 2)")
	seconds := flag.Int("seconds", 0, "length of one measurement (default 2, quick 1)")
	out := flag.String("out", "", "Markdown `file` to write (default bench/RESULTS.md for a full run, none otherwise)")
	weir := flag.String("weir", "", "weir `binary` to measure instead of building ./cmd/weir")
	flag.Parse()

	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, options{*quick, words(*only), words(*peers), *runs, *seconds, *out, *weir}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	quick   bool
	only    []string
	peers   []string
	runs    int
	seconds int
	out     string
	weir    string
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func run(ctx context.Context, o options) error {
	// A hanging peer must not hang the whole run: its own limits come first, this one is the last resort.
	ctx, cancel := context.WithTimeout(ctx, 45*time.Minute)
	defer cancel()
	if o.out == "" && !o.quick && len(o.only) == 0 && len(o.peers) == 0 {
		o.out = "bench/RESULTS.md"
	}
	for _, id := range o.only {
		if len(id) != 1 || !strings.Contains("abcdefghijklmn", id) {
			return fmt.Errorf("no case %q: name some of a,b,c,d,e,f,g,h,i,j,k,l,m,n", id)
		}
	}
	pick := func(n, full, quick int) int {
		switch {
		case n > 0:
			return n
		case o.quick:
			return quick
		}
		return full
	}
	e, err := newEnv(ctx, o.weir)
	if err != nil {
		return err
	}
	defer e.close()
	e.runs = pick(o.runs, 5, 2)
	e.length = time.Duration(pick(o.seconds, 2, 1)) * time.Second
	e.peers = o.peers

	began := time.Now()
	facts := machineFacts(e)
	var tables []*table
	for _, c := range cases() {
		if len(o.only) > 0 && !slices.Contains(o.only, c.id[:1]) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s %s …\n", c.id, c.title)
		t, err := c.run(e)
		if err != nil {
			return fmt.Errorf("case %s: %w", c.id, err)
		}
		tables = append(tables, t)
	}
	text := report(facts, tables, e, time.Since(began))
	fmt.Print(text)
	if o.out == "" {
		return nil
	}
	return os.WriteFile(o.out, []byte(text), 0o644)
}
