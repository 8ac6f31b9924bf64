package command

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want []string
	}{
		{"", nil},
		{"  ls  -l\t/ ", []string{"ls", "-l", "/"}},
		{`echo "a b" c`, []string{"echo", "a b", "c"}},
		{`a"b c"d`, []string{"ab c", "d"}},
		{`x "" y`, []string{"x", "", "y"}},
		{`a\ b \"q\"`, []string{"a b", `"q"`}},
		{`it's`, []string{"it's"}},
	} {
		if got := Split(c.in); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestCutNULs(t *testing.T) {
	t.Parallel()
	if got := CutNULs([]string{"a", "b\x00", "c\x00d\x00", "\x00e", ""}); !slices.Equal(got, []string{"a", "b", "c", "", ""}) {
		t.Errorf("%q", got)
	}
}
