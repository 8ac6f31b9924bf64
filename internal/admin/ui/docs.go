package ui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"weir/docs"
	"weir/internal/api"
)

//go:embed page.html
var pageText embed.FS

var pageTemplate = template.Must(template.ParseFS(pageText, "page.html"))

// page is one page of the documentation.
type page struct {
	name   string            // in the URL
	titles map[string]string // by language
	files  map[string]string // by language; nil: made from the list of everything scripts can use
}

// pages are in the order of reading.
var pages = []page{
	{"intro", map[string]string{"en": "What weir is", "zh": "weir 是什么"},
		map[string]string{"en": "guide/en/intro.md", "zh": "guide/zh/intro.md"}},
	{"getting-started", map[string]string{"en": "Getting started", "zh": "快速上手"},
		map[string]string{"en": "guide/en/getting-started.md", "zh": "guide/zh/getting-started.md"}},
	{"operating", map[string]string{"en": "Operating", "zh": "运维指南"},
		map[string]string{"en": "operating.md", "zh": "operating.zh-CN.md"}},
	{"compatibility", map[string]string{"en": "Compatibility with Pipy", "zh": "与 Pipy 的兼容性"},
		map[string]string{"en": "compatibility.md", "zh": "compatibility.md"}},
	{"reference", map[string]string{"en": "API reference", "zh": "API 参考"}, nil},
}

type language struct{ Code, Name string }

var languages = []language{{"en", "English"}, {"zh", "中文"}}

// docsHandler serves /docs/LANGUAGE/PAGE, and leads shorter paths there by the language of the browser.
type docsHandler struct{}

func (docsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/docs"), "/"), "/")
	lang, name := preferred(r), parts[0]
	if known(parts[0]) {
		lang = parts[0]
		name = strings.Join(parts[1:], "/")
	} else if parts[0] == "jp" {
		lang, name = "en", strings.Join(parts[1:], "/")
	}
	if name == "" {
		name = pages[0].name
	}
	for i := range pages {
		if pages[i].name != name {
			continue
		}
		if target := "/docs/" + lang + "/" + name; r.URL.Path != target {
			http.Redirect(w, r, target, http.StatusFound)
			return
		}
		body, err := rendered(i, lang)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", types[".html"])
		w.Header().Set("Content-Security-Policy", csp)
		_, _ = w.Write(body) // the client is gone: nobody is there to tell
		return
	}
	http.NotFound(w, r)
}

func known(lang string) bool {
	return lang == languages[0].Code || lang == languages[1].Code
}

// preferred is Chinese for browsers that name it before English.
func preferred(r *http.Request) string {
	accept := strings.ToLower(r.Header.Get("Accept-Language"))
	zh, en := strings.Index(accept, "zh"), strings.Index(accept, "en")
	if zh >= 0 && (en < 0 || zh < en) {
		return "zh"
	}
	return "en"
}

var (
	renderedMu sync.Mutex
	renderings = map[string][]byte{}
)

// rendered returns the HTML of a page. It is made when it is first asked for.
func rendered(i int, lang string) ([]byte, error) {
	key := lang + "/" + pages[i].name
	renderedMu.Lock()
	defer renderedMu.Unlock()
	if body := renderings[key]; body != nil {
		return body, nil
	}
	source, err := pages[i].source(lang)
	if err != nil {
		return nil, fmt.Errorf("cannot read page %s: %w", key, err)
	}
	body, err := render(i, lang, source)
	if err == nil {
		renderings[key] = body
	}
	return body, err
}

func (p *page) source(lang string) ([]byte, error) {
	if p.files == nil {
		return reference(p.titles[lang]), nil
	}
	return fs.ReadFile(docs.Files, p.files[lang])
}

// heading is a line of the table of contents.
type heading struct {
	ID, Text string
	Level    int
}

type link struct {
	Name, Title string
	Current     bool
}

func render(i int, lang string, source []byte) ([]byte, error) {
	markdown := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	document := markdown.Parser().Parse(text.NewReader(source))
	var headings []heading
	for n := document.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Level < 2 || h.Level > 3 || pages[i].files == nil && h.Level > 2 {
			continue
		}
		if id, ok := h.AttributeString("id"); ok {
			headings = append(headings, heading{string(id.([]byte)), string(plainText(h, source)), h.Level})
		}
	}
	var body bytes.Buffer
	if err := markdown.Renderer().Render(&body, source, document); err != nil {
		return nil, err
	}
	data := struct {
		Lang, Title    string
		Name           string
		Pages          []link
		Headings       []heading
		Languages      []language
		Previous, Next *link
		Body           template.HTML
	}{Lang: lang, Title: pages[i].titles[lang], Name: pages[i].name, Headings: headings, Languages: languages, Body: template.HTML(body.String())}
	for j := range pages {
		data.Pages = append(data.Pages, link{pages[j].name, pages[j].titles[lang], i == j})
	}
	if i > 0 {
		data.Previous = &data.Pages[i-1]
	}
	if i+1 < len(pages) {
		data.Next = &data.Pages[i+1]
	}
	var out bytes.Buffer
	err := pageTemplate.Execute(&out, data)
	return out.Bytes(), err
}

// plainText is the text of a heading without its markup.
func plainText(n ast.Node, source []byte) []byte {
	var b []byte
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b = append(b, t.Value(source)...)
		} else {
			b = append(b, plainText(c, source)...)
		}
	}
	return b
}

// reference writes what weir api lists as Markdown: a table for each object and for the filters.
func reference(title string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", title)
	section := ""
	for _, row := range api.Surface() {
		if s := sectionOf(row.Path); s != section {
			section = s
			fmt.Fprintf(&b, "\n## %s\n\n| name | kind | signature |\n|---|---|---|\n", section)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cell(row.Path), row.Kind, code(row.Signature))
	}
	return b.Bytes()
}

// sectionOf is the object a path belongs to; filters, and their options, are one.
func sectionOf(path string) string {
	kind, rest, hasKind := strings.Cut(path, ":")
	if !hasKind {
		kind, rest = "", path
	}
	if kind == "filter" || strings.HasPrefix(rest, "filter") {
		return "filters"
	}
	name, _, _ := strings.Cut(rest, ".")
	name, _, _ = strings.Cut(name, "#")
	return name
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

// cell makes text fit for a table: a bar would begin the next cell, a backquote end the code.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "`", "'", "\n", " ").Replace(s)
}
