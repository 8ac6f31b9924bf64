package pipy

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

var terminal struct {
	sync.Mutex
	raw   bool
	saved *unix.Termios
}

func terminalRaw() bool {
	terminal.Lock()
	defer terminal.Unlock()
	return terminal.raw
}

// setTerminalRaw switches the terminal of standard input between raw mode and the mode it was in at first.
func setTerminalRaw(raw bool) error {
	terminal.Lock()
	defer terminal.Unlock()
	if terminal.raw == raw {
		return nil
	}
	fd := int(os.Stdin.Fd())
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		terminal.raw = raw // not a terminal: nothing to switch
		return nil
	}
	if !raw {
		terminal.raw = false
		return unix.IoctlSetTermios(fd, unix.TCSETS, terminal.saved)
	}
	saved := *t
	terminal.saved = &saved
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	terminal.raw = true
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
