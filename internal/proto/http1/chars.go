package http1

import "encoding/binary"

// Character classes of RFC 9110 §5.6.2 (tchar), §5.5 (field-value) and RFC 9112 §3.2 (request-target, kept loose: a
// raw UTF-8 path is passed on), RFC 3986 §3.2.2 (host with port).
var isToken, isText, isTarget, isHost [256]bool

// lower maps ASCII capitals to small letters and everything else to itself.
var lower [256]byte

// unhex maps hexadecimal digits to their values and everything else to 255.
var unhex [256]byte

func init() {
	for i := range 256 {
		c := byte(i)
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		digit := c >= '0' && c <= '9'
		lower[i], unhex[i] = c, 255
		if letter {
			lower[i] = c | 0x20
		}
		switch {
		case digit:
			unhex[i] = c - '0'
		case letter && c|0x20 <= 'f':
			unhex[i] = c | 0x20 - 'a' + 10
		}
		isToken[i], isHost[i] = letter || digit, letter || digit
		isTarget[i] = c > ' ' && c != 0x7f
		isText[i] = isTarget[i] || c == ' ' || c == '\t'
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		isToken[c] = true
	}
	for _, c := range []byte("-._~%!$&'()*+,;=:[]") {
		isHost[c] = true
	}
}

// all reports whether every byte of b is in class.
func all(b []byte, class *[256]bool) bool {
	for _, c := range b {
		if !class[c] {
			return false
		}
	}
	return true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// allText is all(b, &isText), eight bytes at a time.
func allText(b []byte) bool {
	for len(b) >= 8 {
		w := binary.LittleEndian.Uint64(b)
		del := w ^ ones*0x7f
		if ((w-ones*0x20)&^w|(del-ones)&^del)&highs != 0 && !all(b[:8], &isText) {
			return false
		}
		b = b[8:]
	}
	return all(b, &isText)
}

// IsToken reports whether s is a token (RFC 9110 §5.6.2): a method, or the name of a header.
func IsToken(s string) bool { return s != "" && allIn(s, &isToken) }

// IsText reports whether s can be the value of a header: no control characters.
func IsText(s string) bool { return allIn(s, &isText) }

// IsTarget reports whether s can be a request target: no spaces, no control characters.
func IsTarget(s string) bool { return allIn(s, &isTarget) }

// IsHost reports whether s can be a host header.
func IsHost(s string) bool { return allIn(s, &isHost) }

// ParseLength parses the value of a content-length header.
func ParseLength(s string) (int64, bool) { return parseLength([]byte(s)) }

func allIn(s string, class *[256]bool) bool {
	for i := 0; i < len(s); i++ {
		if !class[s[i]] {
			return false
		}
	}
	return true
}
