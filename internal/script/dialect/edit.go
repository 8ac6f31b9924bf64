package dialect

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// edit replaces text[pos:end] by with; an insertion has pos == end.
type edit struct {
	pos, end int
	with     string
	rank     rank
	other    int // the other end of a wrapping
	order    int // among wrappings of the same text, the outermost first
}

// rank orders the edits of one place.
type rank uint8

const (
	rankFirst rank = iota // begins of blocks
	rankClose             // ends of wrappings
	rankComma
	rankOpen // begins of wrappings, other insertions
	rankReplace
	rankEnd
)

// edits is an edit list under construction.
type edits []edit

func (l *edits) add(pos, end int, s string, r rank) {
	*l = append(*l, edit{pos: pos, end: end, with: s, rank: r, order: len(*l)})
}

func (l *edits) insert(pos int, s string) { l.add(pos, pos, s, rankOpen) }

func (l *edits) replace(pos, end int, s string) { l.add(pos, end, s, rankReplace) }

// wrap puts head before and tail after text[pos:end]. Wrappings nest by the
// text they take in; of the same text the one made first is the outer one.
func (l *edits) wrap(pos, end int, head, tail string) { l.wrapOrder(pos, end, head, tail, len(*l)) }

// wrapOuter is wrap around all other wrappings of the same text.
func (l *edits) wrapOuter(pos, end int, head, tail string) { l.wrapOrder(pos, end, head, tail, -1) }

func (l *edits) wrapOrder(pos, end int, head, tail string, order int) {
	*l = append(*l,
		edit{pos: pos, end: pos, with: head, rank: rankOpen, other: end, order: order},
		edit{pos: end, end: end, with: tail, rank: rankClose, other: pos, order: -order})
}

func compareEdits(a, b edit) int {
	return cmp.Or(
		cmp.Compare(a.pos, b.pos),
		cmp.Compare(a.rank, b.rank),
		cmp.Compare(b.other, a.other),
		cmp.Compare(a.order, b.order),
	)
}

// apply makes the edits and returns the new text with its pieces. Where two
// edits overlap the one that begins first wins.
func (l edits) apply(src string) (string, []piece) {
	slices.SortStableFunc(l, compareEdits)
	var b strings.Builder
	b.Grow(len(src) + 32*len(l))
	pieces := make([]piece, 0, 2*len(l)+1)
	at := 0
	for _, e := range l {
		if e.pos < at {
			continue
		}
		if e.pos > at {
			pieces = append(pieces, piece{b.Len(), at, true})
			b.WriteString(src[at:e.pos])
		}
		pieces = append(pieces, piece{b.Len(), e.pos, false})
		b.WriteString(e.with)
		at = e.end
	}
	pieces = append(pieces, piece{b.Len(), at, true})
	b.WriteString(src[at:])
	return b.String(), pieces
}

// piece is a run of output that begins at out. A verbatim piece is a copy of
// the source from src on, any other stands for the source position src.
type piece struct {
	out, src int
	verbatim bool
}

// Map leads from positions in translated code to positions in the author's file.
type Map struct {
	stages []stage // the last translation first
}

// stage is one translation of a text into another one.
type stage interface {
	// lookup maps a line and column, both from 1. Columns are code points on
	// the way in and bytes on the way out.
	lookup(line, col int) (int, int)
}

// Lookup maps a position in the code, column in code points as the engine
// reports it, to one in the author's file, column in bytes. All count from 1.
func (m *Map) Lookup(line, col int) (int, int) {
	for i, s := range m.stages {
		if i > 0 {
			col = m.stages[i-1].(*editStage).source.codePointColumn(line, col)
		}
		line, col = s.lookup(line, col)
	}
	return line, col
}

// editStage is a translation made by an edit list.
type editStage struct {
	source, code lines
	pieces       []piece
}

var _ stage = (*editStage)(nil)

func (s *editStage) lookup(line, col int) (int, int) {
	out := s.code.offsetOfCodePoint(line, col)
	i := sort.Search(len(s.pieces), func(i int) bool { return s.pieces[i].out > out }) - 1
	if i < 0 {
		return 1, 1
	}
	p := s.pieces[i]
	at := p.src
	if p.verbatim {
		at += out - p.out
	}
	return s.source.position(at)
}

// lines is a text with the offsets at which its lines begin.
type lines struct {
	text   string
	starts []int
}

func splitLines(text string) lines {
	starts := []int{0}
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '\n')
		if n < 0 {
			return lines{text, starts}
		}
		i += n + 1
		starts = append(starts, i)
	}
}

// position gives line and byte column of an offset.
func (l lines) position(offset int) (line, col int) {
	offset = min(max(offset, 0), len(l.text))
	line = sort.SearchInts(l.starts, offset+1)
	return line, offset - l.starts[line-1] + 1
}

// line gives the text of a line, from 1, and its offset.
func (l lines) line(n int) (string, int) {
	n = min(max(n, 1), len(l.starts))
	start, end := l.starts[n-1], len(l.text)
	if n < len(l.starts) {
		end = l.starts[n] - 1
	}
	return l.text[start:end], start
}

func (l lines) offset(line, col int) int {
	text, start := l.line(line)
	return start + min(max(col-1, 0), len(text))
}

func (l lines) offsetOfCodePoint(line, col int) int {
	text, start := l.line(line)
	at := 0
	for col > 1 && at < len(text) {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
		col--
	}
	return start + at
}

func (l lines) codePointColumn(line, col int) int {
	text, _ := l.line(line)
	return utf8.RuneCountInString(text[:min(max(col-1, 0), len(text))]) + 1
}
