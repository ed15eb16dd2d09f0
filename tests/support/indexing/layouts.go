package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// The one image of a layout. Of its configuration all is kept as it was, fields that the specification does not know too.
type image struct {
	index    ocispec.Index
	manifest ocispec.Manifest
	config   map[string]json.RawMessage
	rootFS   ocispec.RootFS
	platform ocispec.Platform
}

func readImage(layout string) (*image, error) {
	var found image
	if err := decode(filepath.Join(layout, "index.json"), &found.index); err != nil {
		return nil, err
	}
	if manifests := found.index.Manifests; len(manifests) != 1 || manifests[0].MediaType != ocispec.MediaTypeImageManifest {
		return nil, fmt.Errorf("%s: index.json must list one OCI image manifest, and nothing else", layout)
	}
	if err := decode(blobPath(layout, found.index.Manifests[0].Digest), &found.manifest); err != nil {
		return nil, err
	}
	config := blobPath(layout, found.manifest.Config.Digest)
	if err := decode(config, &found.config); err != nil {
		return nil, err
	}
	if err := decode(config, &found.platform); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(found.config["rootfs"], &found.rootFS); err != nil {
		return nil, fmt.Errorf("%s: rootfs: %w", config, err)
	}
	if len(found.rootFS.DiffIDs) != len(found.manifest.Layers) {
		return nil, fmt.Errorf("%s: %d diff_ids, %d layers", layout, len(found.rootFS.DiffIDs), len(found.manifest.Layers))
	}
	return &found, nil
}

// Writes `index.json` and `oci-layout`.
func writeIndex(layout string, manifests ...ocispec.Descriptor) error {
	index := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex, Manifests: manifests}
	index.SchemaVersion = 2
	body, err := json.Marshal(index)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(layout, ocispec.ImageIndexFile), body, 0o644); err != nil {
		return err
	}
	body, err = json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(layout, ocispec.ImageLayoutFile), body, 0o644)
}

func blobPath(layout string, sum digest.Digest) string {
	return filepath.Join(layout, ocispec.ImageBlobsDir, sum.Algorithm().String(), sum.Encoded())
}

// Writes a document as a blob; returns its descriptor, which is `described` but for digest and size.
func putDocument(layout string, described ocispec.Descriptor, document any) (ocispec.Descriptor, error) {
	body, err := json.Marshal(document)
	if err != nil {
		return described, err
	}
	described.Digest, described.Size = digest.FromBytes(body), int64(len(body))
	return described, os.WriteFile(blobPath(layout, described.Digest), body, 0o644)
}

// Writes what `write` writes as a blob, through a file in `work`; returns its digest and size.
func putStream(layout, work string, write func(io.Writer) error) (digest.Digest, int64, error) {
	file, err := os.CreateTemp(work, "blob-")
	if err != nil {
		return "", 0, err
	}
	defer file.Close()
	digester := digest.Canonical.Digester()
	if err := write(io.MultiWriter(file, digester.Hash())); err != nil {
		return "", 0, err
	}
	size, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return "", 0, err
	}
	if err := file.Chmod(0o644); err != nil {
		return "", 0, err
	}
	return digester.Digest(), size, os.Rename(file.Name(), blobPath(layout, digester.Digest()))
}

func decode(path string, into any) error {
	body, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
