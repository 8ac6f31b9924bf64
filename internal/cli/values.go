package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// badValue is the error for a value that cannot be read.
func badValue(option, value, want string) error {
	return fmt.Errorf("invalid value for %s: %q (%s)", option, value, want)
}

// parseSize reads a decimal number of bytes. A letter after it, k, m, g or t in either case, multiplies by a power of
// 1024; what follows the letter ("10MiB") is ignored.
func parseSize(option, value string) (int64, error) {
	const want = "a size in bytes is expected, such as 4096, 512k, 10m or 1g"
	digits := len(value) - len(strings.TrimLeft(value, "0123456789"))
	n, err := strconv.ParseInt(value[:digits], 10, 64)
	if err != nil {
		return 0, badValue(option, value, want)
	}
	if digits == len(value) {
		return n, nil
	}
	power := strings.IndexByte("kmgt", value[digits]|0x20) + 1
	shift := 10 * power
	if power == 0 || n > math.MaxInt64>>shift {
		return 0, badValue(option, value, want)
	}
	return n << shift, nil
}

var timeUnits = []struct {
	suffix string
	unit   time.Duration
}{
	{"ms", time.Millisecond}, // before "s"
	{"s", time.Second},
	{"m", time.Minute},
	{"h", time.Hour},
	{"d", 24 * time.Hour},
}

// parseTime reads a duration of the form 30, 500ms, 30s, 15m, 1h or 1d. A bare number counts seconds; fractions are
// allowed.
func parseTime(option, value string) (time.Duration, error) {
	const want = "a time is expected, such as 30, 500ms, 15m, 1h or 1d"
	number, unit := value, time.Second
	for _, u := range timeUnits {
		if rest, ok := strings.CutSuffix(value, u.suffix); ok {
			number, unit = rest, u.unit
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.Trim(number, "0123456789.") != "" || n*float64(unit) >= math.MaxInt64 {
		return 0, badValue(option, value, want)
	}
	return time.Duration(n * float64(unit)), nil
}

// parseCount reads a number that is not negative.
func parseCount(option, value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		return 0, badValue(option, value, "a number is expected")
	}
	return int(n), nil
}
