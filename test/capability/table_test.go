package capability

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rows is how many capabilities there are.
const rows = 54

// beyond are those that the reference kernel, Linux 6.18, cannot do as it is configured.
var beyond = []int{27, 33, 34, 38, 39, 40}

// Every capability has a test, and every test that is named exists.
func TestTable(t *testing.T) {
	t.Parallel()
	if len(Table) != rows {
		t.Errorf("the table has %d rows, not %d", len(Table), rows)
	}
	known := map[string]map[string][]string{}
	for i, r := range Table {
		if r.Number != i+1 {
			t.Errorf("row %d has number %d", i+1, r.Number)
		}
		if len(r.Kernel)+len(r.Fake) == 0 {
			t.Errorf("row %d, %s, has no test", r.Number, r.Name)
		}
		if slices.Contains(beyond, r.Number) && len(r.Fake) == 0 {
			t.Errorf("row %d, %s, does not run on the reference kernel and has no test without it", r.Number, r.Name)
		}
		for _, name := range append(r.Kernel, r.Fake...) {
			m := testName.FindStringSubmatch(name)
			if m == nil {
				t.Errorf("row %d: %q is no test", r.Number, name)
				continue
			}
			pkg := m[1]
			if known[pkg] == nil {
				known[pkg] = tests(t, filepath.Join("..", "..", filepath.FromSlash(pkg)))
			}
			if cases, ok := known[pkg][m[2]]; !ok || m[3] != "" && !slices.Contains(cases, m[3]) {
				t.Errorf("row %d, %s: there is no test %s", r.Number, r.Name, name)
			}
		}
	}
}

// testName splits the name of a test into package, test and case.
var testName = regexp.MustCompile(`^(.+)\.(Test\w+)(?:/(\w+))?$`)

// tests returns the tests in a folder, with the texts in them: the names of cases are among these.
func tests(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Test") {
				continue
			}
			texts := []string{}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil {
						texts = append(texts, s)
					}
				}
				return true
			})
			names[fn.Name.Name] = texts
		}
	}
	return names
}
