package http1

import "weir/internal/stream"

// StatusText returns the registered phrase of a status, OK if there is none.
func StatusText(status int) string {
	if text, ok := statusTexts[status]; ok {
		return text
	}
	return "OK"
}

// FailureStatus returns the status and the phrase a client side makes up for a response that never came because the
// connection ended with code.
func FailureStatus(code stream.ErrorCode) (status int, text string) {
	switch code {
	case stream.CannotResolve:
		return 502, "Cannot Resolve"
	case stream.ConnectionRefused:
		return 502, "Connection Refused"
	case stream.Unauthorized:
		return 401, "Unauthorized"
	case stream.ReadError:
		return 502, "Read Error"
	case stream.WriteError:
		return 502, "Write Error"
	case stream.ConnectionTimeout, stream.ReadTimeout, stream.WriteTimeout, stream.IdleTimeout:
		return 504, "Gateway Timeout"
	}
	return 502, "Bad Gateway"
}

// FailureHead returns the head of the response a client side makes up, see FailureStatus.
func FailureHead(code stream.ErrorCode) *Head {
	h := &Head{IsResponse: true, HasStatusText: true, Protocol: protocol11}
	h.Status, h.StatusText = FailureStatus(code)
	return h
}

// FailureHeadOf returns the head of the response to a request that a StreamEnd came for in place of a response.
func FailureHeadOf(e *stream.StreamEnd) *Head {
	h := FailureHead(e.Code)
	if e.Refusal != 0 {
		h.Status, h.StatusText = e.Refusal, StatusText(e.Refusal)
	}
	return h
}

// ErrorResponse returns the answer to a request that was refused with e: a head, and a small text.
func ErrorResponse(e *Error) (*Head, string) {
	h := &Head{IsResponse: true, Status: e.Status, Headers: Headers{{"content-type", "text/plain"}}}
	return h, StatusText(e.Status) + ": " + e.Reason + "\n"
}

// AppendErrorResponse appends the whole answer to a request that was refused with e: a small text, and notice that the
// connection is closed after it.
func AppendErrorResponse(dst []byte, e *Error) []byte {
	h, body := ErrorResponse(e)
	dst, err := AppendHead(dst, h, Framing{Response: true, Length: int64(len(body)), Close: true})
	if err != nil {
		panic(err) // nothing in this head comes from outside
	}
	return append(dst, body...)
}

// https://www.iana.org/assignments/http-status-codes
var statusTexts = map[int]string{
	100: "Continue",
	101: "Switching Protocols",
	102: "Processing",
	103: "Early Hints",
	104: "Upload Resumption Supported",
	200: "OK",
	201: "Created",
	202: "Accepted",
	203: "Non-Authoritative Information",
	204: "No Content",
	205: "Reset Content",
	206: "Partial Content",
	207: "Multi-Status",
	208: "Already Reported",
	226: "IM Used",
	300: "Multiple Choices",
	301: "Moved Permanently",
	302: "Found",
	303: "See Other",
	304: "Not Modified",
	305: "Use Proxy",
	306: "(Unused)",
	307: "Temporary Redirect",
	308: "Permanent Redirect",
	400: "Bad Request",
	401: "Unauthorized",
	402: "Payment Required",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	406: "Not Acceptable",
	407: "Proxy Authentication Required",
	408: "Request Timeout",
	409: "Conflict",
	410: "Gone",
	411: "Length Required",
	412: "Precondition Failed",
	413: "Content Too Large",
	414: "URI Too Long",
	415: "Unsupported Media Type",
	416: "Range Not Satisfiable",
	417: "Expectation Failed",
	418: "(Unused)",
	421: "Misdirected Request",
	422: "Unprocessable Content",
	423: "Locked",
	424: "Failed Dependency",
	425: "Too Early",
	426: "Upgrade Required",
	428: "Precondition Required",
	429: "Too Many Requests",
	430: "Unassigned",
	431: "Request Header Fields Too Large",
	451: "Unavailable For Legal Reasons",
	500: "Internal Server Error",
	501: "Not Implemented",
	502: "Bad Gateway",
	503: "Service Unavailable",
	504: "Gateway Timeout",
	505: "HTTP Version Not Supported",
	506: "Variant Also Negotiates",
	507: "Insufficient Storage",
	508: "Loop Detected",
	509: "Unassigned",
	510: "Not Extended",
	511: "Network Authentication Required",
}
