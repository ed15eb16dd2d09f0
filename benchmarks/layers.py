"""What each layer of the plain image is made of: functions of a random source and a number of entries."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random

from benchmarks import contents, trees
from benchmarks.contents import PREFIX, SITE
from benchmarks.trees import HEADERS, NAMES, NODE, PERL, PYTHON, SHARE, Style, grow, library, program
from tests.support.tarballs import Item, file, hardlink, opaque, symlink, whiteout

CUDA = "usr/local/cuda-12.4/targets/x86_64-linux"
LARGE: Mapping[str, float] = {
    f"{CUDA}/lib/libcublasLt.so.12.4.5.8": 0.45,
    f"{CUDA}/lib/libcublas.so.12.4.5.8": 0.11,
    f"{CUDA}/lib/libcufft.so.11.2.1.3": 0.18,
    f"{CUDA}/lib/libcusparse.so.12.3.1.170": 0.28,
    f"{CUDA}/lib/libcusolver.so.11.6.1.9": 0.12,
    f"{CUDA}/lib/libnppif.so.12.2.5.30": 0.10,
    f"{CUDA}/lib/libcublasLt_static.a": 0.98,
    f"{CUDA}/lib/libcufft_static.a": 0.30,
    f"{CUDA}/lib/libcusparse_static.a": 0.45,
    f"{CUDA}/lib/libnvrtc_static.a": 0.14,
    "usr/lib/x86_64-linux-gnu/libcudnn_engines_precompiled.so.9.1.0": 0.57,
    "usr/lib/x86_64-linux-gnu/libcudnn_adv.so.9.1.0": 0.24,
    "usr/lib/x86_64-linux-gnu/libnccl.so.2.21.5": 0.22,
    f"{PREFIX}/lib/libmkl_core.so.2": 0.10,
    f"{PREFIX}/lib/libLLVM-15.so": 0.13,
    f"{SITE}/torch/lib/libtorch_cuda.so": 1.60,
    f"{SITE}/torch/lib/libtorch_cpu.so": 0.45,
    f"{SITE}/torch/lib/libtorch_cuda_linalg.so": 0.24,
    f"{SITE}/nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9": 0.57,
    f"{SITE}/nvidia/cublas/lib/libcublasLt.so.12": 0.45,
    f"{SITE}/nvidia/nccl/lib/libnccl.so.2": 0.20,
    f"{SITE}/triton/_C/libtriton.so": 0.31,
    f"{SITE}/tensorflow/libtensorflow_cc.so.2": 1.20,
    f"{SITE}/jaxlib/xla_cuda_plugin.so": 0.33,
    f"{SITE}/pyarrow/libarrow.so.1500": 0.12,
    **{f"opt/models/base/model-{part:05}-of-00006.safetensors": 2.90 for part in range(1, 7)},
    "opt/models/embedding/model.safetensors": 1.34,
}
"""The files that make up most of the bytes, in GB; scaled together so that the image has the size that is asked for."""

CUDA_LIBRARIES = tuple(path for path in LARGE if path.startswith(CUDA) and not path.endswith(".a"))
CUDA_ARCHIVES = tuple(path for path in LARGE if path.startswith(CUDA) and path.endswith(".a"))


def debian(random: Random, count: int) -> Iterator[Item]:
    """Yield a base system."""
    yield from contents.base_system()
    yield from _system(random, count, "base")


def build_tools(random: Random, count: int) -> Iterator[Item]:
    """Yield what apt brings, and the deletion of its caches."""
    yield from contents.build_tools()
    yield from grow(random, "usr/include", count // 4, HEADERS)
    yield from grow(random, "usr/share/perl/5.36.0", count // 10, PERL)
    yield from _system(random, count * 6 // 10, "more")
    yield from (whiteout(f"var/cache/apt/{name}.bin") for name in ("pkgcache", "srcpkgcache"))
    yield opaque("var/lib/apt/lists")


def _system(random: Random, count: int, name: str) -> Iterator[Item]:
    """Yield what packages of a distribution bring: documentation, locales, libraries, programs."""
    yield from grow(random, "usr/share/doc", count * 35 // 100, SHARE)
    yield from grow(random, "usr/share/zoneinfo", count * 10 // 100, SHARE)
    yield from grow(random, "var/lib/dpkg/info", count * 15 // 100, replace(SHARE, width=600))
    locales = NAMES["locales"].split()
    for number in range(count * 10 // 100):
        language = locales[number % len(locales)]
        yield trees.small(random, f"usr/share/locale/{language}/LC_MESSAGES/{name}-{number}.mo")
    for number in range(count * 5 // 100):
        yield from library(f"usr/lib/x86_64-linux-gnu/lib{name}{number}.so", f"{number % 7}.2.{number % 10}", 60_000)
    for number in range(count * 5 // 100):
        yield program(f"usr/bin/{name}-{number}", 30_000)
    for number in range(count * 3 // 100):
        yield symlink(f"etc/alternatives/tool-{number}", f"/usr/bin/{name}-{number}")


def cuda(random: Random, count: int) -> Iterator[Item]:
    """Yield CUDA's run-time libraries."""
    yield from contents.cuda_links()
    for name, version in (
        ("cudart", "12.4.127"),
        ("nvrtc", "12.4.127"),
        ("cufftw", "11.2.1.3"),
        ("curand", "10.3.5.147"),
    ):
        yield from library(f"{CUDA}/lib/lib{name}.so", version, 5_000_000)
    for path in CUDA_LIBRARIES:
        yield symlink(f"{path.partition('.so.')[0]}.so", path.rpartition("/")[2])
    yield from grow(random, "usr/local/cuda-12.4/nsight-compute", count, SHARE)


def cuda_devel(random: Random, count: int) -> Iterator[Item]:
    """Yield headers and compilers."""
    yield from grow(random, f"{CUDA}/include", count * 9 // 10, HEADERS)
    yield from grow(random, "usr/local/cuda-12.4/nvvm", count // 10, HEADERS)
    for name in ("nvcc", "ptxas", "cuobjdump", "nvdisasm"):
        yield program(f"usr/local/cuda-12.4/bin/{name}", 20_000_000)


def conda(random: Random, count: int) -> Iterator[Item]:
    """Yield an environment whose files are hard links to those of the package cache, as conda makes them."""
    yield from contents.interpreter()
    packages = count // 300
    files: list[Item] = []
    for number in range(packages):
        name = f"package{number}"
        found = list(grow(random, f"{SITE}/{name}", count // packages // 2, PYTHON))
        files += found
        cache = f"{PREFIX}/pkgs/{name}-{number % 9}.{number % 13}.0-py311h{random.getrandbits(28):07x}_0"
        links = [hardlink(f"{cache}/{item.path.removeprefix(PREFIX + '/')}", item.path) for item in found]
        yield from links
        yield trees.small(random, f"{PREFIX}/conda-meta/{cache.rpartition('/')[2]}.json")
    yield from files


def conda_libraries(random: Random, count: int) -> Iterator[Item]:
    """Yield libraries outside of site-packages."""
    for number in range(count // 10):
        yield from library(f"{PREFIX}/lib/libconda{number}.so", f"{number % 9}.{number % 11}.1", 300_000)
    yield from grow(random, f"{PREFIX}/include", count * 35 // 100, HEADERS)
    yield from grow(random, f"{PREFIX}/share", count * 30 // 100, SHARE)


def pip(group: str) -> Callable[[Random, int], Iterator[Item]]:
    """Return what yields the packages of a group of names."""
    names = NAMES["packages"][group].split()

    def make(random: Random, count: int) -> Iterator[Item]:
        for number, name in enumerate(names):
            yield from grow(random, f"{SITE}/{name}", round(count / len(names)), PYTHON)
            information = f"{SITE}/{name}-2.{number}.1.dist-info"
            yield file(
                f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.{number}.1\n".encode()
            )
            yield from (trees.small(random, f"{information}/{part}") for part in ("RECORD", "WHEEL", "top_level.txt"))
            yield file(f"{information}/INSTALLER", b"pip\n")

    return make


def nodes(random: Random, count: int) -> Iterator[Item]:
    """Yield node's modules: deep paths, and links to programs."""
    top = f"{PREFIX}/share/jupyter/lab/staging/node_modules"
    names = NAMES["packages"]["node"].split()
    for name in names:
        nested = f"{top}/{name}/application-extension/node_modules/{name.lstrip('@')}-language-service"
        yield from grow(random, f"{top}/{name}", count // len(names) * 2 // 3, NODE)
        yield from grow(random, nested, count // len(names) // 3, NODE)
        yield symlink(f"{top}/.bin/{name.lstrip('@')}", f"../{name}/bin/main.js")


def tree(root: str, style: Style) -> Callable[[Random, int], Iterator[Item]]:
    """Return what yields a tree of a style."""
    return lambda random, count: grow(random, root, count, style)


def models(random: Random, _count: int) -> Iterator[Item]:
    """Yield what lies beside the weights of models."""
    for name in ("base", "embedding"):
        for part in ("config.json", "tokenizer.json", "vocab.json", "merges.txt"):
            yield trees.small(random, f"opt/models/{name}/{part}")


def cleaned(random: Random, count: int) -> Iterator[Item]:
    """Yield the deletion of a package cache, and of single files that tests left."""
    yield opaque(f"{PREFIX}/pkgs/cache")
    for number in range(count):
        yield whiteout(f"{SITE}/package{number}/tests")
    yield trees.small(random, f"{PREFIX}/.condarc")


def exactly(items: Callable[[], list[Item]]) -> Callable[[Random, int], Iterable[Item]]:
    """Return what yields the same items whatever the number asked for."""
    return lambda _random, _count: items()
