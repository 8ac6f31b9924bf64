package xml

import (
	"testing"

	"weir/internal/event"
	"weir/internal/script/scripttest"
)

// A document whose elements are in many places is not written without end.
func TestLimit(t *testing.T) {
	t.Parallel()
	r, _ := scripttest.New(t, event.Namespace, Namespace)
	res, err := r.Run("/main.js", `var n = new XML.Node('a', null, ['text']); for (var i = 0; i < 50; i++) n = new XML.Node('a', null, [n, n]); n`)
	if err != nil {
		t.Fatal(err)
	}
	w := writer{r: r, limit: 10000}
	if err := w.element(res.Value, 0); err == nil || err.Error() != "the text is longer than 10000 bytes" {
		t.Error(err)
	}
}
