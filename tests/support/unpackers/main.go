// Unpacks layers as container runtimes do: a line of JSON in, a line of JSON out.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/pkg/archive"
	"github.com/containerd/log"
	moby "github.com/moby/go-archive"
	mobychroot "github.com/moby/go-archive/chrootarchive"
	"github.com/sirupsen/logrus"
	podman "go.podman.io/storage/pkg/archive"
	podmanchroot "go.podman.io/storage/pkg/chrootarchive"
	"go.podman.io/storage/pkg/reexec"
)

// Layers are tars, from the bottom up; each is unpacked into a directory of its own in Directory, named by its position,
// but for the runtime that applies them to one merged tree, which is the directory 0.
type question struct {
	Runtime   string   `json:"runtime"`
	Directory string   `json:"directory"`
	Layers    []string `json:"layers"`
}

// Error is what the runtime says of the layer that it refuses, else empty.
type answer struct {
	Layer int    `json:"layer"`
	Error string `json:"error"`
}

func main() {
	if reexec.Init() { // the child that Podman unpacks in
		return
	}
	logrus.SetLevel(logrus.FatalLevel)
	log.L.Logger.SetLevel(logrus.FatalLevel)
	decoder, encoder := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			return
		}
		encoder.Encode(unpack(asked))
	}
}

func unpack(asked question) answer {
	var parents []string
	for position, layer := range asked.Layers {
		directory := filepath.Join(asked.Directory, fmt.Sprint(position))
		if asked.Runtime == "docker-merged" {
			directory = filepath.Join(asked.Directory, "0")
		}
		if err := apply(asked.Runtime, directory, layer, parents); err != nil {
			return answer{position, err.Error()}
		}
		parents = append([]string{directory}, parents...)
	}
	return answer{}
}

func apply(runtime, directory, layer string, parents []string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	file, err := os.Open(layer)
	if err != nil {
		return err
	}
	defer file.Close()
	switch runtime {
	case "containerd": // core/diff/apply and the overlay snapshotter
		options := []archive.ApplyOpt{archive.WithConvertWhiteout(archive.OverlayConvertWhiteout)}
		if len(parents) > 0 {
			options = append(options, archive.WithParents(parents))
		}
		_, err = archive.Apply(context.Background(), directory, file, options...)
	case "docker": // daemon/graphdriver/overlay2
		err = mobychroot.UntarUncompressed(file, directory, &moby.TarOptions{WhiteoutFormat: moby.OverlayWhiteoutFormat})
	case "docker-merged": // daemon/graphdriver/fsdiff.go: vfs, btrfs, zfs
		_, err = mobychroot.ApplyUncompressedLayer(directory, file, &moby.TarOptions{})
	case "podman": // storage/drivers/overlay
		err = podmanchroot.UntarUncompressed(file, directory, &podman.TarOptions{WhiteoutFormat: podman.OverlayWhiteoutFormat})
	default:
		err = fmt.Errorf("unknown runtime %q", runtime)
	}
	return err
}
