// Chooses among the images of an index as containerd does: a line of JSON in, a line of JSON out.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

type question struct {
	Wanted string             `json:"wanted"`
	Target ocispec.Descriptor `json:"target"`
	Blobs  map[string]string  `json:"blobs"`
}

type answer struct {
	Config string `json:"config"`
	Error  string `json:"error"`
}

// store holds blobs by their digests.
type store map[string]string

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

func (s store) ReaderAt(_ context.Context, desc ocispec.Descriptor) (content.ReaderAt, error) {
	blob, found := s[desc.Digest.String()]
	if !found {
		return nil, fmt.Errorf("blob %s: %w", desc.Digest, errdefs.ErrNotFound)
	}
	return reader{bytes.NewReader([]byte(blob))}, nil
}

func choose(asked question) answer {
	wanted, err := platforms.Parse(asked.Wanted)
	if err != nil {
		return answer{Error: err.Error()}
	}
	found, err := images.Manifest(context.Background(), store(asked.Blobs), asked.Target, platforms.Only(wanted))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Config: found.Config.Digest.String()}
}

func main() {
	decoder, encoder := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			return
		}
		encoder.Encode(choose(asked))
	}
}
