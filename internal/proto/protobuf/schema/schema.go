// Package schema converts messages of Protocol Buffers to plain data and back by their descriptors.
package schema

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"weir/internal/plain"
	"weir/internal/proto/token"
)

// Schema is a set of message types.
type Schema struct {
	files *protoregistry.Files
	types *dynamicpb.Types
}

func newSchema(files *protoregistry.Files) *Schema { return &Schema{files, dynamicpb.NewTypes(files)} }

// Compile reads .proto files, by name. They may import each other, and the files that come with the compiler
// (google/protobuf/…); nothing else is opened.
func Compile(sources map[string]string) (*Schema, error) {
	names := make([]string, 0, len(sources))
	for name := range sources {
		names = append(names, name)
	}
	c := protocompile.Compiler{MaxParallelism: 1, Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{
		Accessor: func(path string) (io.ReadCloser, error) {
			if s, ok := sources[path]; ok {
				return io.NopCloser(strings.NewReader(s)), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
	})}
	compiled, err := c.Compile(context.Background(), names...)
	if err != nil {
		return nil, err
	}
	files := new(protoregistry.Files)
	var register func(protoreflect.FileDescriptor) error
	register = func(f protoreflect.FileDescriptor) error {
		if _, err := files.FindFileByPath(f.Path()); err == nil {
			return nil
		}
		for i := range f.Imports().Len() {
			if err := register(f.Imports().Get(i).FileDescriptor); err != nil {
				return err
			}
		}
		return files.RegisterFile(f)
	}
	for _, f := range compiled {
		if err := register(f); err != nil {
			return nil, err
		}
	}
	return newSchema(files), nil
}

// Load reads a FileDescriptorSet, as protoc --descriptor_set_out --include_imports writes it.
func Load(b []byte) (*Schema, error) {
	set := new(descriptorpb.FileDescriptorSet)
	if err := proto.Unmarshal(b, set); err != nil || len(set.File) == 0 {
		return nil, errors.New("malformed descriptor set")
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, err
	}
	return newSchema(files), nil
}

func (s *Schema) message(name string) (protoreflect.Message, error) {
	t, err := s.types.FindMessageByName(protoreflect.FullName(name))
	if err != nil {
		return nil, fmt.Errorf("unknown message type: %s", name)
	}
	return t.New(), nil
}

// Decode reads a message of the named type. The object has the fields that are there, by name: numbers of 64 bits as int64
// or uint64, bytes as []byte, enums by name, lists as arrays, maps as objects. What an Any has inside, if its type is
// known, is an object with its URL as "@type"; otherwise it has the fields type_url and value. Extensions are named in
// brackets; records of fields that the type does not have are bytes in "@unknown". It is an error if all this takes more than
// token.MaxDecoded.
func (s *Schema) Decode(name string, b []byte) (plain.Object, error) {
	m, err := s.message(name)
	if err != nil {
		return nil, err
	}
	r := reader{s, token.MaxDecoded, len(b) > harmless}
	if err := r.unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("malformed %s: %w", name, err)
	}
	return r.object(m, 0)
}

// Encode writes an object as a message of the named type. Fields that the type does not have are errors, null and undefined
// stand for fields that are not there.
func (s *Schema) Encode(name string, o plain.Object) ([]byte, error) {
	m, err := s.message(name)
	if err != nil {
		return nil, err
	}
	if err := s.fill(m, o); err != nil {
		return nil, err
	}
	if err := proto.CheckInitialized(m.Interface()); err != nil {
		return nil, err
	}
	return appendMessage(nil, m), nil
}

// maxDepth is how deep messages may be nested in each other.
const maxDepth = 100
