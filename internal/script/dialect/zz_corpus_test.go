package dialect

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCorpus(t *testing.T) {
	var files []string
	for _, root := range []string{"/root/go/pkg/mod/github.com/evanw", "/root/go/pkg/mod/modernc.org", "/root/go/pkg/mod/golang.org", "/root/go/pkg/mod/github.com/google", "/usr/local/go", "/root/.rustup/toolchains/stable-x86_64-unknown-linux-gnu/share/doc/rust/html/static.files"} {
		filepath.Walk(root, func(p string, i os.FileInfo, err error) error {
			if err == nil && !i.IsDir() && (strings.HasSuffix(p, ".js") || strings.HasSuffix(p, ".mjs") || strings.HasSuffix(p, ".ts") && !strings.HasSuffix(p, ".d.ts")) && i.Size() < 3e6 {
				files = append(files, p)
			}
			return nil
		})
	}
	ok, skip := 0, 0
	for _, p := range files {
		b, _ := os.ReadFile(p)
		src := string(b)
		ts := strings.HasSuffix(p, ".ts")
		if !ts && esmError(src) != "" {
			skip++
			continue
		}
		s := time.Now()
		out, err := Transform(src, Options{File: filepath.Base(p), LegacySlots: func(string) (int, bool) { return 0, true }})
		if d := time.Since(s); d > 300*time.Millisecond {
			fmt.Println("slow", p, len(src), d)
		}
		if err != nil {
			fmt.Println("ERR", p, err)
			continue
		}
		if m := esmError(out.Code); m != "" {
			fmt.Println("BAD", p, m)
			continue
		}
		ok++
	}
	fmt.Println("ok", ok, "skip", skip)
}
