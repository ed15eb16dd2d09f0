// Gives the layers of an image indexes of their files, with the libraries of those who devised the indexes.
//
//	index-layers [OPTIONS] estargz|zstd-chunked|zstd-chunked-stargz|soci-v1|soci-v2 LAYOUT NEW-LAYOUT
//
// LAYOUT is an OCI layout of one image whose layers are gzip; it is only read. Layers may be of any size: they are
// streamed, through files beside the new layout where a library needs some.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

// The producers' own choice, where an option is not given.
const producersOwn = -1

// What can be chosen. Only estargz and zstd-chunked-stargz have a chunk size, and only SOCI has a span size: the chunks of
// zstd-chunked are cut by a rolling checksum, which its library allows nobody to change.
type options struct {
	chunkSize int
	spanSize  int64
	smallest  int64
	workers   int
}

func main() {
	log.SetFlags(0)
	var chosen options
	flag.IntVar(&chosen.chunkSize, "chunk-size", producersOwn, "bytes of a chunk (estargz, zstd-chunked-stargz)")
	flag.Int64Var(&chosen.spanSize, "span-size", producersOwn, "bytes of a span, uncompressed (soci-v1, soci-v2)")
	flag.Int64Var(&chosen.smallest, "smallest", producersOwn, "bytes of the smallest layer that is given an index")
	flag.IntVar(&chosen.workers, "workers", 1, "how many parts of a layer are compressed at once; the result depends on it")
	flag.Parse()
	if flag.NArg() != 3 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), flag.Arg(2), chosen); err != nil {
		log.Fatal(err)
	}
}

// The new layout appears when it is complete; until then all is in a directory beside it.
func run(form, source, target string, chosen options) error {
	target, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(target); err == nil {
		return fmt.Errorf("%s exists", target)
	}
	work, err := os.MkdirTemp(filepath.Dir(target), ".index-layers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := os.Setenv("TMPDIR", work); err != nil { // the libraries' own files
		return err
	}
	layout := filepath.Join(work, "layout")
	switch form {
	case "estargz", "zstd-chunked", "zstd-chunked-stargz":
		err = convertLayers(form, source, layout, work, chosen)
	case "soci-v1", "soci-v2":
		err = addSoci(form, source, layout, work, chosen)
	default:
		err = fmt.Errorf("unknown form %q", form)
	}
	if err != nil {
		return err
	}
	return os.Rename(layout, target)
}
