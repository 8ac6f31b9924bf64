package json

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"weir/internal/event"
	"weir/internal/script/scripttest"
	"weir/internal/stream"
)

// documents are JSON texts of about 100 KB: records as an API answers with, long texts, and numbers.
func documents() map[string]string {
	records := func(record func(i int) string) string {
		var list []string
		for size := 0; size < 100<<10; {
			list = append(list, record(len(list)+1))
			size += len(list[len(list)-1])
		}
		return "[" + strings.Join(list, ",") + "]"
	}
	return map[string]string{
		"records": records(func(i int) string {
			return fmt.Sprintf(`{"id":%d,"name":"user %d","email":"user%d@example.com","active":%v,"score":%d.5,"tags":["a","b","c"],"address":{"city":"Zürich","zip":"%05d"},"parent":null}`,
				i, i, i, i%2 == 0, i%100, i)
		}),
		"texts":   records(func(i int) string { return fmt.Sprintf(`"%s line %d\nnext"`, strings.Repeat("lorem ipsum ", 40), i) }),
		"numbers": records(func(i int) string { return fmt.Sprintf("[%d,%d.25,-%d]", i, i*7, i*1000003) }),
	}
}

// BenchmarkJSON compares with encoding/json, which makes maps and slices.
func BenchmarkJSON(b *testing.B) {
	for name, text := range documents() {
		b.Run(name+"/parse/script", func(b *testing.B) {
			bench(b, text, "JSON.decode")
		})
		b.Run(name+"/parse/Go", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var v any
				if err := json.Unmarshal([]byte(text), &v); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/print/script", func(b *testing.B) {
			bench(b, text, "(v => () => JSON.encode(v))(JSON.decode(input))")
		})
		b.Run(name+"/print/Go", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			var v any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := json.Marshal(v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// bench calls the function that src is with a Data of text.
func bench(b *testing.B, text, src string) {
	r, _ := scripttest.New(b, event.Namespace, Namespace)
	end := r.Scope()
	input := event.NewData(r, stream.NewString(text))
	if err := r.Set(r.Global(), "input", input); err != nil {
		b.Fatal(err)
	}
	result, err := r.Run("bench.js", "("+src+")")
	if err != nil {
		b.Fatal(err)
	}
	held := r.Hold(result.Value)
	in := r.Hold(input)
	end()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		end := r.Scope()
		if _, err := r.Call(held.Value(), in.Value()); err != nil {
			b.Fatal(err)
		}
		end()
		r.EndTurn()
	}
}
