//go:build linux

package test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"weir/test/harness"
)

// pressureScript has a callback wait for a promise while a program goes on sending: 20 times 500 events, one round at a time.
// When all is sent it reports, lets the callback go on, and reports again when every event has been seen or counted as lost.
const pressureScript = `
	var obj = bpf.object(pipy.load('pressure.o')).load()
	var counts = () => obj.map('counts').lookup({ i: 0 })
	var packet = new Data(new Array(64).fill(0))
	var type = new CStruct({ number: 'uint32', rest: 'uint32[63]' })
	var program = obj.program('%[1]s')
	var seen = 0, lost = 0, last = -1, disorder = 0, bad = 0, go
	var blocked = new Promise(resolve => go = resolve)

	obj.map('%[2]s').listen({ type, maxPending: 100%[3]s }, $=>$.%[4]s.handleMessage(msg => {
		if (msg.head.lost) {
			lost += msg.head.lost
			if (msg.body?.size || !('cpu' in msg.head)) bad++
			return
		}
		seen++
		if (msg.payload.number <= last) disorder++
		if (msg.body.size !== 256) bad++
		last = msg.payload.number
	}))

	var report = when => {
		var c = counts()
		println(when, 'sent', c.sent, 'refused', c.refused, 'seen', seen, 'lost', lost, 'disorder', disorder, 'bad', bad, '.')
	}
	var pause = () => new Timeout(0.01).wait()

	async function run() {
		for (var i = 0; i < 20; i++) {
			program.run({ data: packet, repeat: 500 })
			await pause()
		}
		report('blocked')
		go()
		do {
			await pause()
			%[5]s
		} while (seen + (counts().refused ? %[6]s : 0) < counts().sent)
		report('done')
		var before = seen
		program.run({ data: packet, repeat: 10 })
		while (seen < before + 10) await pause()
		report('after')
	}
	run()
	pipy.listen(%[7]d, $=>$.dummy())
`

var pressureLine = regexp.MustCompile(`(?m)^(\w+) sent (\d+) refused (\d+) seen (\d+) lost (\d+) disorder (\d+) bad (\d+) \.$`)

// onOneCPU returns a program that runs weir on one CPU, where a perf array has one buffer in use: the count of lost samples
// comes with the next sample there.
func onOneCPU(t *testing.T) string {
	t.Helper()
	harness.Need(t, "taskset")
	file := t.TempDir() + "/weir"
	if err := os.WriteFile(file, []byte("#!/bin/sh\nexec taskset -c 0 "+harness.Binary(t)+` "$@"`+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// While a callback waits, no more events are read than options.maxPending allows; what the kernel has accepted comes in order
// when it goes on, and the rest is counted: by the program, and for a perf array by messages besides.
func TestEventPressure(t *testing.T) {
	t.Parallel()
	needMaps(t)
	object, err := os.ReadFile("testdata/bpf/pressure.o")
	if err != nil {
		t.Fatal(err)
	}
	binary := onOneCPU(t)
	const (
		held  = 100 + 256 // records of options.maxPending, and a batch
		event = 256
	)
	for _, c := range []struct {
		name, program, from, options string
		wait                         string // the filter that waits
		each                         string // done in every round of waiting
		gone                         string // what is not seen
		buffer                       int    // events
	}{
		{"ring buffer, callback", "emit", "ring", "", "handleMessageStart(() => blocked)", "", "counts().refused", 65536 / event},
		{"ring buffer, replacing callback", "emit", "ring", "", "replaceMessage(m => blocked.then(() => m))", "", "counts().refused", 65536 / event},
		{"ring buffer, wait", "emit", "ring", "", "wait(() => blocked)", "", "counts().refused", 65536 / event},
		{"perf array, callback", "sample", "samples", ", pages: 4", "handleMessageStart(() => blocked)",
			"if (lost < counts().refused) program.run({ data: packet })", "lost", 4 * 4096 / event},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			port := harness.Port(t)
			script := fmt.Sprintf(pressureScript, c.program, c.from, c.options, c.wait, c.each, c.gone, port)
			w := harness.Start(t, harness.Config{Files: map[string]string{"main.js": script, "pressure.o": string(object)}, Binary: binary, Listen: []int{port}})
			harness.Eventually(t, "the last report", func() bool { return strings.Contains(w.Stdout.String(), "after sent") })
			got := map[string][6]int{}
			for _, m := range pressureLine.FindAllStringSubmatch(w.Stdout.String(), -1) {
				var n [6]int
				for i := range n {
					if _, err := fmt.Sscan(m[2+i], &n[i]); err != nil {
						t.Fatal(err)
					}
				}
				got[m[1]] = n
			}
			const sent, refused, seen, lost, disorder, bad = 0, 1, 2, 3, 4, 5
			before, done, after := got["blocked"], got["done"], got["after"]
			if before[sent] != 10000 || before[seen] > 1 {
				t.Errorf("while blocked: %v", before)
			}
			if accepted := before[sent] - before[refused]; accepted > c.buffer+held {
				t.Errorf("%d events were accepted by a buffer of %d and %d records read", accepted, c.buffer, held)
			}
			if done[seen] != done[sent]-done[refused] || done[disorder] != 0 || done[bad] != 0 {
				t.Errorf("when done: %v", done)
			}
			if want := map[string]int{"emit": 0, "sample": done[refused]}[c.program]; done[lost] != want {
				t.Errorf("%d events were reported as lost, not %d", done[lost], want)
			}
			if after[seen] != done[seen]+10 || after[refused] != done[refused] || after[disorder] != 0 {
				t.Errorf("afterwards: %v after %v", after, done)
			}
		})
	}
}
