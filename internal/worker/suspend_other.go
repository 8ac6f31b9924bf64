//go:build !unix

package worker

import "os"

var suspend os.Signal
