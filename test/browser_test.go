//go:build linux

package test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"weir/test/harness"
)

// browserScript serves a page over HTTP/2, and echoes WebSocket messages on both ports: by extended CONNECT where the
// browser has a connection of HTTP/2 already, by HTTP/1.1 on the second.
const browserScript = `
var page = os.readFile('page.html')
var accept = key => {
	var hash = new crypto.Hash('sha1')
	hash.update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
	return hash.digest('base64')
}
var finish, finished = new Promise(r => finish = r)
var answer = ({ head, body }) => {
	switch (head.path) {
	case '/': return new Message({ headers: { 'content-type': 'text/html' } }, page)
	case '/wait': return finished.then(() => new Message({ status: 204 }))
	case '/done': finish()
	}
	return new Message({ headers: { 'content-type': 'text/plain' } }, 'for ' + head.path + ' ' + body.size)
}
var serve = $=>$.demuxHTTP().to($=>$
	.handleMessageStart(msg => console.log('request', msg.head.scheme ? 'HTTP/2' : 'HTTP/1', msg.head.path))
	.pipe(msg => msg.head.headers.upgrade === 'websocket' ? 'echo' : 'files', {
		files: $=>$.replaceMessage(answer),
		echo: $=>$
			.acceptHTTPTunnel(req => new Message({ status: 101, headers: {
				upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': accept(req.head.headers['sec-websocket-key']) } })).to($=>$
				.decodeWebSocket({ masked: true })
				.replaceMessage(({ head, body }) => head.opcode === 8
					? [new Message({ opcode: 8 }, body), new StreamEnd]
					: new Message({ opcode: head.opcode }, body))
				.encodeWebSocket()),
	})
)
pipy.listen('127.0.0.1:%d', $=>$.acceptTLS({ certificate: id('server'), alpn: ['h2', 'http/1.1'] }).to(serve))
pipy.listen('127.0.0.1:%d', $=>$.acceptTLS({ certificate: id('server') }).to(serve))
`

// browserPage fetches files in parallel and talks to two echo servers. The document is loaded, and written out, when the
// picture has come, which weir holds back until all of that is done.
const browserPage = `<!doctype html><title>test</title><body><img src="/wait"><script>
const echo = url => new Promise((done, fail) => {
	const ws = new WebSocket(url), got = []
	ws.binaryType = 'arraybuffer'
	ws.onopen = () => { ws.send('hello'); ws.send('x'.repeat(100000)); ws.send(new Uint8Array(70000)) }
	ws.onmessage = e => {
		got.push(e.data.byteLength ?? (e.data.length > 10 ? e.data.length : e.data))
		if (got.length === 3) ws.close(1000, 'bye')
	}
	ws.onclose = e => done(got + ' ' + e.code + e.reason)
	ws.onerror = () => fail('error of ' + url)
})
const file = (i, body) => fetch('/file' + i, body && { method: 'POST', body }).then(r => r.text())
;(async () => {
	try {
		const files = await Promise.all([...Array(20).keys()].map(i => file(i)).concat(file('post', 'y'.repeat(300000))))
		document.body.dataset.protocol = performance.getEntriesByName(location.origin + '/file3')[0].nextHopProtocol
		document.body.append(files.join(';') + ';')
		document.body.append('|' + await echo('wss://' + location.host + '/echo2'))
		document.body.append('|' + await echo('wss://localhost:%d/echo1') + '|')
	} catch (e) {
		document.body.append('failed: ' + e)
	}
	await fetch('/done')
})()
</script>`

// A browser gets a page and much else over one connection of HTTP/2, and talks WebSocket over HTTP/2 and HTTP/1.1.
func TestBrowser(t *testing.T) {
	t.Parallel()
	harness.Need(t, "chromium")
	ports := harness.Ports(t, 2)
	files := map[string]string{"page.html": fmt.Sprintf(browserPage, ports[1]), "main.js": tlsPrelude + fmt.Sprintf(browserScript, ports[0], ports[1])}
	for name, text := range certificates().files {
		files[name] = text
	}
	w := harness.Start(t, harness.Config{Files: files, Listen: ports})
	key := sha256.Sum256(certificates().certs["server"].RawSubjectPublicKeyInfo)
	r := harness.Run(t, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--user-data-dir="+t.TempDir(),
		"--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(key[:]),
		"--dump-dom", fmt.Sprintf("https://localhost:%d/", ports[0]))
	dom := html.UnescapeString(r.Stdout)
	_, body, _ := strings.Cut(dom, "</script>")
	want := ""
	for i := range 20 {
		want += fmt.Sprintf("for /file%d 0;", i)
	}
	echoed := "hello,100000,70000 1000bye|"
	want += "for /filepost 300000;|" + echoed + echoed
	if !strings.HasPrefix(body, want) || !strings.Contains(dom, `data-protocol="h2"`) {
		t.Errorf("exit code %d, page:\n%s\nwant\n%s\nstandard error:\n%.3000s", r.Code, dom, want, r.Stderr)
	}
	log := w.Stdout.String() + w.Stderr.String()
	var others []string
	for _, m := range regexp.MustCompile(`request (\S+) (\S+)`).FindAllStringSubmatch(log, -1) {
		if m[1] != "HTTP/2" {
			others = append(others, m[2])
		}
	}
	if got := strings.Join(others, " "); got != "/echo1" {
		t.Errorf("requests over HTTP/1: %s\n%s", got, log)
	}
}
