package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/containerd/stargz-snapshotter/estargz"
	"github.com/containerd/stargz-snapshotter/estargz/zstdchunked"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/storage/pkg/chunked/compressor"
)

// A layer in another form: its descriptor, and the digest of its tar.
type converted struct {
	descriptor ocispec.Descriptor
	diffID     digest.Digest
}

// Writes the layout anew, with layers that hold their index themselves.
func convertLayers(form, source, layout, work string, chosen options) error {
	image, err := readImage(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(layout, ocispec.ImageBlobsDir, "sha256"), 0o755); err != nil {
		return err
	}
	diffIDs := slices.Clone(image.rootFS.DiffIDs)
	known := map[digest.Digest]converted{} // an image may have a layer twice
	for position, layer := range image.manifest.Layers {
		done, ok := known[layer.Digest]
		if !ok {
			old := converted{layer, diffIDs[position]}
			if done, err = convertLayer(form, source, layout, work, old, chosen); err != nil {
				return fmt.Errorf("layer %d: %w", position, err)
			}
			known[layer.Digest] = done
		}
		image.manifest.Layers[position], image.rootFS.DiffIDs[position] = done.descriptor, done.diffID
	}
	if slices.Equal(diffIDs, image.rootFS.DiffIDs) { // the configuration stays the same, to the byte
		err = copyBlob(source, layout, work, image.manifest.Config)
	} else {
		image.config["rootfs"], err = json.Marshal(image.rootFS)
		if err == nil {
			image.manifest.Config, err = putDocument(layout, image.manifest.Config, image.config)
		}
	}
	if err != nil {
		return err
	}
	descriptor, err := putDocument(layout, image.index.Manifests[0], image.manifest)
	if err != nil {
		return err
	}
	return writeIndex(layout, descriptor)
}

func convertLayer(form, source, layout, work string, old converted, chosen options) (converted, error) {
	done := old
	if old.descriptor.Size < chosen.smallest {
		return done, copyBlob(source, layout, work, old.descriptor)
	}
	file, err := os.Open(blobPath(source, old.descriptor.Digest))
	if err != nil {
		return done, err
	}
	defer file.Close()
	notes := map[string]string{}
	for name, value := range old.descriptor.Annotations {
		notes[name] = value
	}
	done.descriptor.Annotations = notes
	done.descriptor.Digest, done.descriptor.Size, err = putStream(layout, work, func(sink io.Writer) (err error) {
		section := io.NewSectionReader(file, 0, old.descriptor.Size)
		switch form {
		case "estargz":
			done.diffID, err = writeStargz(section, sink, notes, chosen)
		case "zstd-chunked-stargz":
			packer := &zstdchunked.Compressor{CompressionLevel: zstd.SpeedDefault, Metadata: notes}
			both := &zstdChunked{packer, &zstdchunked.Decompressor{}}
			done.diffID, err = writeStargz(section, sink, notes, chosen, estargz.WithCompression(both))
		case "zstd-chunked":
			done.diffID, err = writeZstdChunked(section, sink, notes)
		}
		return err
	})
	if form != "estargz" {
		done.descriptor.MediaType = ocispec.MediaTypeImageLayerZstd
	}
	return done, err
}

// What the library wants as one: how to write zstd:chunked, and how to read it.
type zstdChunked struct {
	*zstdchunked.Compressor
	*zstdchunked.Decompressor
}

// Writes the layer as `ctr-remote image convert` does, which also notes the size of the tar. The table of contents is
// another with another number of workers, and theirs is by default that of the processors: here it is what `chosen` says.
func writeStargz(
	layer *io.SectionReader, sink io.Writer, notes map[string]string, chosen options, more ...estargz.Option,
) (digest.Digest, error) {
	settings := append(more, estargz.WithParallelism(chosen.workers))
	if chosen.chunkSize != producersOwn {
		settings = append(settings, estargz.WithChunkSize(chosen.chunkSize))
	}
	blob, err := estargz.Build(layer, settings...)
	if err != nil {
		return "", err
	}
	defer blob.Close()
	if _, err := io.Copy(sink, blob); err != nil {
		return "", err
	}
	size, err := blob.UncompressedSize()
	if err != nil {
		return "", err
	}
	notes[estargz.TOCJSONDigestAnnotation] = blob.TOCDigest().String()
	notes[estargz.StoreUncompressedSizeAnnotation] = strconv.FormatInt(size, 10)
	if err := blob.Close(); err != nil {
		return "", err
	}
	return blob.DiffID(), nil
}

// Writes the layer as `podman push --compression-format=zstd:chunked` does.
func writeZstdChunked(layer io.Reader, sink io.Writer, notes map[string]string) (digest.Digest, error) {
	plain, err := gzip.NewReader(layer)
	if err != nil {
		return "", err
	}
	writer, err := compressor.ZstdCompressor(sink, notes, nil)
	if err != nil {
		return "", err
	}
	digester := digest.Canonical.Digester()
	if _, err := io.Copy(io.MultiWriter(writer, digester.Hash()), plain); err != nil {
		writer.Close()
		return "", err
	}
	return digester.Digest(), writer.Close() // only then are the notes complete
}

func copyBlob(source, layout, work string, described ocispec.Descriptor) error {
	file, err := os.Open(blobPath(source, described.Digest))
	if err != nil {
		return err
	}
	defer file.Close()
	copied, _, err := putStream(layout, work, func(sink io.Writer) error {
		_, err := io.Copy(sink, file)
		return err
	})
	if err == nil && copied != described.Digest {
		err = fmt.Errorf("%s is %s", described.Digest, copied)
	}
	return err
}
