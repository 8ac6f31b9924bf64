package logs

import (
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

// begun returns when a file was created, or if the file system does not know, when it was last written.
func begun(path string, info fs.FileInfo) time.Time {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BTIME, &st)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return info.ModTime()
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec))
}
