package http3

import (
	"github.com/quic-go/quic-go/http3"

	"weir/internal/proto/http2"
)

// Code returns the error code of HTTP/3 (RFC 9114 §8.1) that means what one of HTTP/2 does.
func Code(c http2.ErrCode) http3.ErrCode {
	switch c {
	case http2.NoError:
		return http3.ErrCodeNoError
	case http2.ProtocolError:
		return http3.ErrCodeMessageError
	case http2.Cancel:
		return http3.ErrCodeRequestCanceled
	case http2.RefusedStream:
		return http3.ErrCodeRequestRejected
	case http2.ConnectError:
		return http3.ErrCodeConnectError
	case http2.EnhanceYourCalm:
		return http3.ErrCodeExcessiveLoad
	}
	return http3.ErrCodeInternalError
}
