package cli

import (
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"0": 0, "4096": 4096, "1k": 1 << 10, "2K": 2 << 10, "3m": 3 << 20, "4G": 4 << 30, "5t": 5 << 40,
		"10MiB": 10 << 20, "7kb": 7 << 10, "9223372036854775807": 1<<63 - 1,
	} {
		if got, err := parseSize("-o", in); got != want || err != nil {
			t.Errorf("%q: %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{"", "k", "-1", "+1", "1.5k", "1p", "1 k", " 1", "1\x0b", "9223372036854775808", "8388608t"} {
		if got, err := parseSize("-o", in); err == nil {
			t.Errorf("%q: %d", in, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"0": 0, "30": 30 * time.Second, "30s": 30 * time.Second, "500ms": 500 * time.Millisecond, "1.5": 1500 * time.Millisecond,
		"15m": 15 * time.Minute, "1h": time.Hour, "2d": 48 * time.Hour, ".5m": 30 * time.Second,
	} {
		if got, err := parseTime("-o", in); got != want || err != nil {
			t.Errorf("%q: %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "s", "ms", "-1", "+1", "1w", "1e3", "0x1", "inf", "NaN", "1 s", "1..2", "99999999999999d"} {
		if got, err := parseTime("-o", in); err == nil {
			t.Errorf("%q: %v", in, got)
		}
	}
}
