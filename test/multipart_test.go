//go:build linux

package test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"weir/test/harness"
)

// TestMultipartUpload lets curl upload a form with a file and gets back what the parts were.
func TestMultipartUpload(t *testing.T) {
	t.Parallel()
	harness.Need(t, "curl")
	port := harness.Port(t)
	harness.Start(t, harness.Config{Listen: []int{port}, Script: fmt.Sprintf(`
		pipy.listen(%d, $=>$
			.onStart(() => { $form = new Data })
			.demuxHTTP().to($=>$
				.decodeMultipart()
				.replaceMessage(part => {
					var disposition = part.head.headers['content-disposition']
					$form.push(disposition.replace('form-data; ', '') + ' ' + part.head.headers['content-type'] + '\n')
					$form.push(part.body)
					if (disposition.indexOf('name="last"') > 0) return new Message({ status: 200 }, $form)
				})
			)
		)
		var $form
	`, port)})
	file := make([]byte, 300000)
	random := rand.NewChaCha8([32]byte{})
	_, _ = random.Read(file)
	name := filepath.Join(t.TempDir(), "random.bin")
	harness.WriteFile(t, name, string(file))
	got := harness.Curl(t, "--fail", "-F", "text=hello world", "-F", "file=@"+name, "-F", "last=;type=text/x", fmt.Sprintf("http://%s/", harness.Addr(port)))
	want := "name=\"text\" undefined\nhello world\r\n" +
		"name=\"file\"; filename=\"random.bin\" application/octet-stream\n" + string(file) + "\r\n" +
		"name=\"last\" text/x\n\r\n"
	if got != want {
		t.Errorf("got %d bytes %.300q\nwant %d bytes %.300q", len(got), got, len(want), want)
	}
}
