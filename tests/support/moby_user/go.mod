module moby_user

go 1.21

require github.com/moby/sys/user v0.4.1

require golang.org/x/sys v0.1.0 // indirect
