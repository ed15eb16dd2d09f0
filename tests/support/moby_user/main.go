// Resolves users as container runtimes do: a line of JSON in, a line of JSON out.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"

	"github.com/moby/sys/user"
)

type question struct {
	Spec   string  `json:"spec"`
	Passwd *[]byte `json:"passwd"`
	Group  *[]byte `json:"group"`
}

type answer struct {
	UID    int    `json:"uid"`
	GID    int    `json:"gid"`
	Groups []int  `json:"groups"`
	Home   string `json:"home"`
	Error  string `json:"error"`
}

func reader(content *[]byte) io.Reader {
	if content == nil {
		return nil
	}
	return bytes.NewReader(*content)
}

func main() {
	decoder, encoder := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		if err := decoder.Decode(&asked); err != nil {
			return
		}
		found, err := user.GetExecUser(asked.Spec, nil, reader(asked.Passwd), reader(asked.Group))
		if err != nil {
			encoder.Encode(answer{Error: err.Error()})
		} else {
			encoder.Encode(answer{found.Uid, found.Gid, found.Sgids, found.Home, ""})
		}
	}
}
