package httpapi

import "strings"

// moreTypes are the content types weir knows beyond http.Directory.defaultContentTypes, which scripts see: a type and the
// extensions that stand for it.
const moreTypes = `
application/atom+xml atom
application/epub+zip epub
application/gzip gz tgz
application/java-archive jar war ear
application/javascript mjs cjs
application/jsonl jsonl
application/ld+json jsonld
application/manifest+json webmanifest
application/msword doc dot
application/ogg ogx
application/pdf pdf
application/postscript ps eps ai
application/rss+xml rss
application/rtf rtf
application/sql sql
application/toml toml
application/vnd.android.package-archive apk
application/vnd.apple.mpegurl m3u8
application/vnd.apple.installer+xml mpkg
application/vnd.debian.binary-package deb
application/vnd.google-earth.kml+xml kml
application/vnd.google-earth.kmz kmz
application/vnd.mozilla.xul+xml xul
application/vnd.ms-excel xls xlt
application/vnd.ms-fontobject eot
application/vnd.ms-powerpoint ppt pps
application/vnd.oasis.opendocument.presentation odp
application/vnd.oasis.opendocument.spreadsheet ods
application/vnd.oasis.opendocument.text odt
application/vnd.openxmlformats-officedocument.presentationml.presentation pptx
application/vnd.openxmlformats-officedocument.spreadsheetml.sheet xlsx
application/vnd.openxmlformats-officedocument.wordprocessingml.document docx
application/vnd.rar rar
application/vnd.sqlite3 sqlite sqlite3
application/wasm wasm
application/x-7z-compressed 7z
application/x-bzip2 bz2
application/x-iso9660-image iso
application/x-ns-proxy-autoconfig pac
application/x-redhat-package-manager rpm
application/x-sh sh
application/x-tar tar
application/x-x509-ca-cert der pem crt
application/x-xpinstall xpi
application/x-xz xz
application/xhtml+xml xhtml xht
application/xml-dtd dtd
application/xslt+xml xslt xsl
application/yaml yaml yml
application/zip zip
application/zstd zst
audio/aac aac
audio/flac flac
audio/midi mid midi kar
audio/mp4 m4a
audio/mpeg mp3
audio/ogg ogg oga opus
audio/wav wav
audio/webm weba
font/collection ttc
font/otf otf
font/ttf ttf
image/apng apng
image/avif avif
image/bmp bmp
image/heic heic
image/heif heif
image/jpeg jpeg jpe
image/jxl jxl
image/svg+xml svgz
image/tiff tif tiff
image/webp webp
image/vnd.adobe.photoshop psd
message/rfc822 eml
model/gltf+json gltf
model/gltf-binary glb
model/obj obj
model/stl stl
text/calendar ics
text/csv csv
text/html htm shtml
text/markdown md markdown
text/plain text log conf ini cfg lua go py rb c h cc cpp rs java proto
text/tab-separated-values tsv
text/vcard vcf
text/vtt vtt
video/3gpp 3gp 3gpp
video/mp2t ts
video/mp4 mp4 m4v
video/mpeg mpeg mpg
video/ogg ogv
video/quicktime mov qt
video/webm webm
video/x-flv flv
video/x-matroska mkv
video/x-ms-wmv wmv
video/x-msvideo avi
`

// typeByExtension is the built-in table.
var typeByExtension = func() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(moreTypes) {
		f := strings.Fields(line)
		for i := 1; i < len(f); i++ {
			m[f[i]] = f[0]
		}
	}
	for _, t := range contentTypes {
		m[t.extension] = t.name
	}
	return m
}()
