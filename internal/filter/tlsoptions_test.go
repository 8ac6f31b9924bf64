package filter

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"weir/internal/filter/filtertest"
)

func TestTLSOptionErrors(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		`1`:                    "argument #1 expects an object",
		`{minVersion: 'SSL3'}`: "options.minVersion expects one of TLS1, TLS1.1, TLS1.2, TLS1.3",
		`{minVersion: 'TLS1.3', maxVersion: 'TLS1.2'}`: "options.minVersion is above options.maxVersion",
		`{ntls: true}`:                                        "options.ntls: Chinese TLS (NTLS) is not supported",
		`{ciphers: 1}`:                                        "options.ciphers expects a string",
		`{trusted: 1}`:                                        "options.trusted expects an array",
		`{trusted: [cert('ca'), {}]}`:                         "options.trusted[1] expects an object of type crypto.Certificate",
		`{certificate: 'x'}`:                                  "options.certificate expects an object or a function",
		`{certificate: {}}`:                                   "certificate.key requires a PrivateKey object",
		`{certificate: {key: key('ca')}}`:                     "certificate.cert requires a Certificate or a CertificateChain object",
		`{certificate: {key: key('ca'), cert: chain()}}`:      "empty certificate chain",
		`{certificate: {key: key('ca'), cert: cert('self')}}`: "certificate.key does not belong to certificate.cert",
		`{certificate: {key: oddKey(), cert: cert('self')}}`:  "certificate.key is of a kind that TLS cannot use",
		`{handshake: 1}`:                                      "options.handshake expects a function",
		`{onState: 1}`:                                        "options.onState expects a function",
		`{onVerify: 1}`:                                       "options.onVerify expects a function",
		`{handshakeTimeout: 'x'}`:                             "options.handshakeTimeout expects a number",
		`{alpn: [1]}`:                                         "options.alpn[0] expects a string",
		`{alpn: ['']}`:                                        "protocol name is empty or too long for ALPN: ",
	} {
		for _, filter := range []string{"acceptTLS", "connectTLS"} {
			if got := filtertest.BuildError(t, "pipeline($ => $."+filter+"("+options+").to($ => $))", testPKI); got != want {
				t.Errorf("%s(%s): got %q, want %q", filter, options, got, want)
			}
		}
	}
	for call, want := range map[string]string{
		`acceptTLS({verify: 'system'})`:       "options.verify expects a function",
		`acceptTLS({alpn: 'x'})`:              "options.alpn expects an array or a function",
		`acceptTLS({dhparam: 1})`:             "options.dhparam expects 'auto' or a string or a Data in PEM format",
		`acceptTLS({dhparam: 'x'})`:           "options.dhparam expects 'auto' or a string or a Data in PEM format",
		`connectTLS({verify: 'x'})`:           "options.verify expects a function or 'system'",
		`connectTLS({alpn: 1})`:               "options.alpn expects a string or an array",
		`connectTLS({alpn: 'x'.repeat(256)})`: "protocol name is empty or too long for ALPN: " + strings.Repeat("x", 256),
		`connectTLS({sni: 1})`:                "options.sni expects a string or a function",
	} {
		if got := filtertest.BuildError(t, "pipeline($ => $."+call+".to($ => $))", testPKI); got != want {
			t.Errorf("%s: got %q, want %q", call, got, want)
		}
	}
	if got, want := filtertest.BuildError(t, "pipeline($ => $.acceptTLS())"), "missing .to(...) for the last filter"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCertificateCallbackErrors(t *testing.T) {
	t.Parallel()
	for callback, want := range map[string]string{
		`() => 1`:                  "certificate callback did not return an object",
		`() => ({})`:               "certificate.key requires a PrivateKey object",
		`() => ({key: key('ca')})`: "certificate.cert requires a Certificate or a CertificateChain object",
		`async () => 'x'`:          "certificate callback did not return an object",
		`() => ({key: key('ca'), cert: chain()})`: "empty certificate chain",
	} {
		const where = "acceptTLS() at line 1 column 26 in /main.js: "
		rig := filtertest.New(t, "pipeline($ => $.acceptTLS({certificate: "+callback+"}).to($ => $))", testPKI)
		run := rig.Start()
		run.Turn(rig.Parse(`D` + quoted(helloRecord(t)))...)
		rig.Settle()
		if got := run.Out(); !strings.HasSuffix(got, "StreamEnd(Error: "+where+want+")") {
			t.Errorf("%s: got %s", callback, got)
		}
	}
	rig := filtertest.New(t, "pipeline($ => $.acceptTLS({certificate: () => { throw new Error('bad') }}).to($ => $))", testPKI)
	run := rig.Start()
	run.Turn(rig.Parse(`D` + quoted(helloRecord(t)))...)
	if got := run.Out(); !strings.HasSuffix(got, "StreamEnd(Error: bad)") {
		t.Errorf("got %s", got)
	}
}

func TestCiphers(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]uint16{
		"ECDHE-RSA-AES128-GCM-SHA256":                         {tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256":               {tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
		"AES256-SHA, AES128-SHA":                              {tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_AES_128_CBC_SHA},
		"ECDHE+AESGCM:!ECDSA":                                 {tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384},
		"!ECDSA:ECDHE+CHACHA20":                               {tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256},
		"ECDHE+CHACHA20:-ECDSA:ECDHE-ECDSA-CHACHA20-POLY1305": {tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256},
		"3DES:!kRSA:@STRENGTH":                                {tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA},
		"TLS_AES_128_GCM_SHA256":                              nil,
		"kRSA+AES128+SHA256:!aNULL:!MD5:!DHE":                 {tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA256},
	} {
		got, unknown := parseCiphers(list)
		if !slices.Equal(got, want) || len(unknown) > 0 {
			t.Errorf("%s: got %x, want %x, unknown %q", list, got, want, unknown)
		}
	}
	got, unknown := parseCiphers("HIGH:!aNULL:NO-SUCH:DHE-RSA-AES128-SHA:!NEITHER")
	if !slices.Equal(unknown, []string{"NO-SUCH", "DHE-RSA-AES128-SHA", "!NEITHER"}) || len(got) != 17 {
		t.Errorf("%d suites, unknown %q", len(got), unknown)
	}
	if got, _ := parseCiphers("DEFAULT"); len(got) != 10 {
		t.Errorf("%d suites by default", len(got))
	}
	rig := filtertest.New(t, "pipeline($ => $.acceptTLS({ciphers: 'NO-SUCH:HIGH'}).to($ => $))")
	if log := rig.LogText(); !strings.Contains(log, `[WRN] [tls] options.ciphers: ignored ["NO-SUCH"]`) {
		t.Errorf("log: %s", log)
	}
}
