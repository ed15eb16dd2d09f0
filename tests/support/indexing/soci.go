package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/awslabs/soci-snapshotter/soci"
	"github.com/awslabs/soci-snapshotter/soci/store"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/plugins/content/local"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Copies the layout and adds a SOCI index: version 2 in a new image index, as `soci convert` makes it; version 1 as a
// referrer of the image, as `soci create` makes it, in the index with the tag that stands for the API of referrers.
func addSoci(form, source, layout, work string, chosen options) error {
	image, err := readImage(source)
	if err != nil {
		return err
	}
	if err := os.CopyFS(layout, os.DirFS(source)); err != nil {
		return err
	}
	builder, err := sociBuilder(layout, work, chosen)
	if err != nil {
		return err
	}
	original := image.index.Manifests[0]
	bare := ocispec.Descriptor{MediaType: original.MediaType, Digest: original.Digest, Size: original.Size}
	subject := images.Image{Name: "latest", Target: bare}
	var manifests []ocispec.Descriptor
	if form == "soci-v2" {
		manifests, err = convert(builder, subject, image.platform)
		if err == nil {
			manifests[0].Annotations = original.Annotations
			err = os.Remove(blobPath(layout, original.Digest))
		}
	} else {
		manifests, err = refer(builder, subject, image.platform, layout)
		manifests = append([]ocispec.Descriptor{original}, manifests...)
	}
	if err != nil {
		return err
	}
	if err := os.RemoveAll(filepath.Join(layout, "ingest")); err != nil { // the content store's own
		return err
	}
	return writeIndex(layout, manifests...)
}

func sociBuilder(layout, work string, chosen options) (*soci.IndexBuilder, error) {
	blobs, err := store.NewSociStore(layout)
	if err != nil {
		return nil, err
	}
	contents, err := local.NewStore(layout)
	if err != nil {
		return nil, err
	}
	known, err := soci.NewDB(filepath.Join(work, "artifacts.db"))
	if err != nil {
		return nil, err
	}
	settings := []soci.BuilderOption{soci.WithArtifactsDb(known)}
	if chosen.spanSize != producersOwn {
		settings = append(settings, soci.WithSpanSize(chosen.spanSize))
	}
	if chosen.smallest != producersOwn {
		settings = append(settings, soci.WithMinLayerSize(chosen.smallest))
	}
	return soci.NewIndexBuilder(contents, blobs, settings...)
}

// Returns the descriptor of an image index with the image, which now names its SOCI index, and that index.
func convert(builder *soci.IndexBuilder, subject images.Image, on ocispec.Platform) ([]ocispec.Descriptor, error) {
	converted, err := builder.Convert(context.Background(), subject, soci.ConvertWithPlatforms(on))
	if err != nil {
		return nil, err
	}
	return []ocispec.Descriptor{*converted}, nil
}

// Returns the descriptor of an index that lists what refers to the image.
func refer(
	builder *soci.IndexBuilder, subject images.Image, on ocispec.Platform, layout string,
) ([]ocispec.Descriptor, error) {
	built, err := builder.Build(context.Background(), subject, soci.WithPlatform(on))
	if err != nil {
		return nil, err
	}
	referrer := built.Desc
	referrer.ArtifactType = soci.SociIndexArtifactTypeV1
	referrers := ocispec.Index{MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{referrer}}
	referrers.SchemaVersion = 2
	tag := map[string]string{ocispec.AnnotationRefName: "sha256-" + subject.Target.Digest.Encoded()}
	described := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Annotations: tag}
	described, err = putDocument(layout, described, referrers)
	return []ocispec.Descriptor{described}, err
}
