package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"weir/internal/proto/httpcond"
	"weir/internal/stream"
)

// form is one representation of a file: as it is, or compressed.
type form struct {
	httpcond.Validators
	size  int64
	bytes []byte // nil if the file is to be read while it is sent
	local *localFile
}

// memoryForm is a form over bytes that never change. Its entity tag is made of the content.
func memoryForm(b []byte, modified time.Time) *form {
	if b == nil {
		b = []byte{}
	}
	sum := sha256.Sum256(b)
	return &form{
		Validators: httpcond.Validators{ETag: `"` + hex.EncodeToString(sum[:12]) + `"`, Modified: modified},
		size:       int64(len(b)), bytes: b,
	}
}

// derived is a form made of another one by a content coding.
func (f *form) derived(coding string, b []byte) *form {
	v := f.Validators
	v.ETag = strings.TrimSuffix(v.ETag, `"`) + "-" + coding + `"`
	return &form{Validators: v, size: int64(len(b)), bytes: b}
}

// content returns all bytes.
func (f *form) content() ([]byte, error) {
	if f.bytes != nil {
		return f.bytes, nil
	}
	m := stream.Message{}
	var err error
	if m.Source, err = f.source([]piece{{span: httpcond.Span{Length: f.size}}}); err == nil {
		err = m.Load()
	}
	if err != nil {
		return nil, err
	}
	return m.Body.Bytes(), nil
}

// piece is a part of a body: text, or a span of a form.
type piece struct {
	text string
	span httpcond.Span
}

// fill makes pieces of f the body of a message.
func (f *form) fill(m *stream.Message, pieces ...piece) (err error) {
	if f.bytes == nil {
		m.Source, err = f.source(pieces)
		return err
	}
	m.Body = new(stream.Data)
	for _, p := range pieces {
		m.Body.Append([]byte(p.text))
		m.Body.Append(f.bytes[p.span.Start : p.span.Start+p.span.Length : p.span.Start+p.span.Length])
	}
	return nil
}

// source opens the file, so that what is sent is what was looked at.
func (f *form) source(pieces []piece) (stream.Source, error) {
	file, err := f.local.open()
	if err != nil {
		return nil, err
	}
	s := &fileSource{form: f, file: file, pieces: pieces}
	for _, p := range pieces {
		s.size += int64(len(p.text)) + p.span.Length
	}
	return s, nil
}

// fileSource is a body made of pieces of a file.
type fileSource struct {
	form   *form
	file   *os.File // open for the first reader; an os.File that nobody reads is closed by the garbage collector
	pieces []piece
	size   int64
}

var _ stream.Source = (*fileSource)(nil)

// Size implements stream.Source.
func (s *fileSource) Size() int64 { return s.size }

// Open implements stream.Source.
func (s *fileSource) Open() (io.ReadCloser, error) {
	file := s.file
	s.file = nil
	if file == nil {
		var err error
		if file, err = s.form.local.open(); err != nil {
			return nil, err
		}
	}
	readers := make([]io.Reader, 0, 2*len(s.pieces))
	for _, p := range s.pieces {
		if p.text != "" {
			readers = append(readers, strings.NewReader(p.text))
		}
		readers = append(readers, io.NewSectionReader(file, p.span.Start, p.span.Length))
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(readers...), file}, nil
}

// localFile is a file of the file system, as it was when it was looked at.
type localFile struct {
	root *os.Root
	name string
	info os.FileInfo
}

var errChanged = errors.New("the file has changed meanwhile")

// open opens the file if it is still the same.
func (l *localFile) open() (*os.File, error) {
	file, err := l.root.OpenFile(l.name, os.O_RDONLY|nonblock, 0) // a pipe put in its place must not stop us
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !unchanged(info, l.info) {
		err = errChanged
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func unchanged(a, b os.FileInfo) bool {
	return a.Mode().IsRegular() && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// read makes a form of the file: with its bytes unless it is larger than limit.
func (l *localFile) read(limit int64) (*form, error) {
	f := &form{local: l, size: l.info.Size()}
	f.Modified = l.info.ModTime()
	f.ETag = fmt.Sprintf(`"%x-%x"`, f.Modified.UnixNano(), f.size)
	if f.size > limit {
		return f, nil
	}
	file, err := l.open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f.bytes = make([]byte, f.size)
	if _, err := io.ReadFull(file, f.bytes); err != nil {
		return nil, err
	}
	return f, nil
}
