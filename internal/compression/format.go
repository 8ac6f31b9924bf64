package compression

import "strings"

// Format is a format of compressed data.
type Format uint8

// The formats.
const (
	Gzip    Format = iota // RFC 1952
	Zlib                  // RFC 1950
	Deflate               // RFC 1951, without any frame
	Brotli                // RFC 7932
	Zstd                  // RFC 8878
	// AnyDeflate unpacks either Zlib or Deflate, whichever it finds: HTTP's "deflate" means the former, and some servers
	// send the latter. It packs as Zlib.
	AnyDeflate
	numFormats
)

var formatNames = [numFormats]string{"gzip", "zlib", "deflate", "brotli", "zstd", "deflate"}

// String returns the name for messages.
func (f Format) String() string { return formatNames[f] }

// ContentCoding returns the format of an HTTP content coding (RFC 9110 §8.4.1, RFC 7932, RFC 8878).
func ContentCoding(name string) (Format, bool) {
	switch strings.ToLower(name) {
	case "gzip", "x-gzip":
		return Gzip, true
	case "deflate":
		return AnyDeflate, true
	case "br":
		return Brotli, true
	case "zstd":
		return Zstd, true
	}
	return 0, false
}
