#!/usr/bin/env bash
# Makes every archive in this directory anew, by tools that are not ours. Needs root and, on Debian 12:
#   apt-get install skopeo umoci buildah podman docker.io mmdebstrap fakeroot zstd python3-venv python3-pip
# The tools write times, so digests differ from run to run; SHA256SUMS and VERSIONS are of the run that was kept.
set -euo pipefail
umask 022
out=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
daemon=
clean() {
    if [ -n "$daemon" ]; then kill "$daemon" && wait "$daemon" || true; fi
    umount "$work"/docker/exec/netns/* 2>/dev/null || true
    rm -rf "$work"
}
trap clean EXIT
cd "$work"

# --- contents: real Debian packages, and a real kernel spec from a real ipykernel -------------------------------------

chmod 755 . && mkdir debs && chmod 777 debs && (cd debs && apt-get download -qq base-files base-passwd busybox-static)
for package in base-files base-passwd busybox-static; do
    mkdir "$package" && dpkg-deb --extract debs/"$package"_*.deb "$package"
done
python3 -m venv venv
venv/bin/python -m pip --quiet install ipykernel
venv/bin/python -m ipykernel install --prefix "$work/kernel" >/dev/null
spec=$work/kernel/share/jupyter/kernels/python3
# ipykernel notes the interpreter that installed it; in an image that is the image's own.
sed -i "s#$work/venv/bin/python[0-9.]*#/usr/bin/python3#" "$spec/kernel.json"

# --- demo.tar.gz: an image that somebody got wrong, built and saved by Docker -----------------------------------------

mkdir -p docker demo/rootfs/{bin,etc,tmp}
cp busybox-static/bin/busybox demo/rootfs/bin/
cp base-passwd/usr/share/base-passwd/passwd.master demo/rootfs/etc/passwd
cp base-passwd/usr/share/base-passwd/group.master demo/rootfs/etc/group
cp -r "$spec" demo/python3-kernel
cp "$out/demo/Dockerfile" "$out/demo/train.py" demo/
dockerd --storage-driver=vfs --iptables=false --ip6tables=false --bridge=none --data-root="$work/docker/data" \
    --exec-root="$work/docker/exec" --pidfile="$work/docker/pid" --host="unix://$work/docker/socket" \
    >docker/log 2>&1 &
daemon=$!
export DOCKER_HOST=unix://$work/docker/socket
for _ in $(seq 60); do docker version >/dev/null 2>&1 && break; sleep 0.5; done
# Where a container once ran on a GPU, `docker commit` keeps the empty files that libraries of the host were mounted on.
DOCKER_BUILDKIT=0 docker build --quiet --network=host --tag example.com/team/notebook:1.0 demo
docker save example.com/team/notebook:1.0 | gzip -9n >"$out/demo.tar.gz"

# --- one small image with whiteouts, in the forms that different tools give it ----------------------------------------

umoci init --layout layout
umoci new --image layout:1.0
umoci unpack --image layout:1.0 bundle
cp -a base-files/. bundle/rootfs/
umoci repack --refresh-bundle --image layout:1.0 --history.created_by "ADD base-files /" bundle
mkdir -p bundle/rootfs/usr/local/share/jupyter/kernels
cp -r "$spec" bundle/rootfs/usr/local/share/jupyter/kernels/
cp base-passwd/usr/share/base-passwd/passwd.master bundle/rootfs/etc/passwd
cp base-passwd/usr/share/base-passwd/group.master bundle/rootfs/etc/group
echo 'sagemaker-user:x:1000:100::/home/sagemaker-user:/bin/sh' >>bundle/rootfs/etc/passwd
install --directory --owner=1000 --group=100 bundle/rootfs/home/sagemaker-user
umoci repack --refresh-bundle --image layout:1.0 --history.created_by "COPY kernel and users" bundle
rm -r bundle/rootfs/usr/share/common-licenses bundle/rootfs/etc/issue
ln bundle/rootfs/etc/passwd bundle/rootfs/etc/passwd-
umoci repack --refresh-bundle --image layout:1.0 --history.created_by "RUN rm -r /usr/share/common-licenses" bundle
umoci config --image layout:1.0 --config.user 1000 --history.created_by "USER 1000"
umoci gc --layout layout

tag=example.com/team/tiny:1.0
tar --create --file "$out/umoci-layout.tar" --directory layout .
skopeo copy --quiet oci:layout:1.0 "docker-archive:$out/skopeo-docker-archive.tar:$tag"
skopeo copy --quiet --dest-compress-format=zstd oci:layout:1.0 oci:zstd:1.0
skopeo copy --quiet oci:zstd:1.0 "oci-archive:$out/skopeo-oci-archive-zstd.tar:$tag"
docker load --quiet --input "$out/skopeo-docker-archive.tar"
docker save "$tag" | zstd --quiet -19 >"$out/docker-save.tar.zst"
ctr=(ctr --address "$work/docker/exec/containerd/containerd.sock")
skopeo copy --quiet oci:layout:1.0 "oci-archive:$work/gzip.tar:$tag"
"${ctr[@]}" images import --no-unpack --base-name example.com/team/tiny gzip.tar >/dev/null
"${ctr[@]}" images export "$out/containerd-export.tar" "$("${ctr[@]}" images list --quiet | grep -m1 'example.com/team/tiny')"

storage=(--root "$work/storage" --runroot "$work/run" --storage-driver vfs)
image=$(podman "${storage[@]}" pull --quiet oci:layout:1.0)
podman "${storage[@]}" tag "$image" "$tag"
podman "${storage[@]}" save --quiet --format docker-archive "$tag" | xz -9 >"$out/podman-save.tar.xz"
container=$(buildah "${storage[@]}" from scratch)
buildah "${storage[@]}" add --quiet "$container" base-files/etc /etc
buildah "${storage[@]}" add --quiet "$container" "$spec" /usr/local/share/jupyter/kernels/python3
buildah "${storage[@]}" config --user 1000:100 --env LANG=C.UTF-8 --cmd /bin/sh "$container"
buildah "${storage[@]}" commit --quiet "$container" built >/dev/null
buildah "${storage[@]}" push --quiet built "oci-archive:$out/buildah-oci-archive.tar:$tag"

# --- what made them ---------------------------------------------------------------------------------------------------

cd "$out"
{
    for tool in skopeo umoci buildah podman docker dockerd; do "$tool" --version; done
    printf 'containerd '; "${ctr[@]}" version | sed -n '/Server/,$ s/^ *Version: *//p'
    "$work/venv/bin/python" -m pip list --format=freeze 2>/dev/null | grep ipykernel
    for deb in "$work"/debs/*.deb; do basename "$deb"; done
} >VERSIONS
sha256sum -- *.tar* >SHA256SUMS
ls -l -- *.tar*
