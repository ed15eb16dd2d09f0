"""The plain image: twenty layers of a Debian with CUDA, conda and what pip brings, for machine learning."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from benchmarks import contents, layers
from benchmarks.contents import PREFIX, SITE
from benchmarks.layers import LARGE
from benchmarks.trees import DATA, ELF, SHARE, R, with_parents
from tests.support.tarballs import Item, directory

ENTRIES = 350_000
BYTES = 34_800_000_000
"""Of the files: just below the limit of 35 GB. With the headers around them the archive is larger than that."""

_GB = 1_000_000_000
_FILLER = "usr/share/corpora"


@dataclass(frozen=True, slots=True)
class Step:
    """One layer: the line that its history shows, and its entries in the order of its tar."""

    line: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A layer to be: its share of the entries, and what makes its files."""

    line: str
    share: float
    make: Callable[[Random, int], Iterable[Item]]
    large: tuple[str, ...] = ()


def plain_image(*, scale: float = 1.0, seed: int = 35) -> list[Step]:
    """Return the layers, bottom first: `scale` times 350,000 entries and 34.8 GB."""
    random = Random(seed)  # noqa: S311 - the same image every time, not a secret
    entries = round(ENTRIES * scale)
    drafted = []
    for draft in _DRAFTS:
        items = list(draft.make(random, round(entries * draft.share)))
        items += [Item(path=path, content=ELF, mode=0o755) for path in LARGE if path.startswith(draft.large)]
        drafted.append(with_parents(items))
    missing = entries - sum(map(len, drafted))
    drafted[-1] = with_parents([*drafted[-1], *_filler(missing)])
    rest = BYTES * scale - sum(item.size for layer in drafted for item in layer)
    factor = max(rest / sum(LARGE.values()), _GB / 1000 * scale)
    return [
        Step(draft.line, [_enlarge(item, factor) for item in layer])
        for draft, layer in zip(_DRAFTS, drafted, strict=True)
    ]


def _enlarge(item: Item, factor: float) -> Item:
    return replace(item, size=int(LARGE[item.path] * factor)) if item.path in LARGE and item.size == 0 else item


def _filler(count: int) -> Iterator[Item]:
    """Yield files with their directories, exactly `count` entries; `_FILLER` exists."""
    for number in range(count):
        group, place = divmod(number, 12)
        path = f"{_FILLER}/part-{group:05}"
        yield directory(path) if place == 0 else Item(path=f"{path}/{number:07}.json", size=900 + number % 6_000)


_DRAFTS = (
    _Draft("ADD rootfs.tar.xz / # debian:12", 0.025, layers.debian),
    _Draft("RUN apt-get install --yes build-essential git # and 280 more", 0.08, layers.build_tools),
    _Draft("RUN apt-get install --yes cuda-libraries-12-4", 0.008, layers.cuda, layers.CUDA_LIBRARIES),
    _Draft("RUN apt-get install --yes cuda-libraries-dev-12-4", 0.025, layers.cuda_devel, layers.CUDA_ARCHIVES),
    _Draft(
        "RUN apt-get install --yes libcudnn9 libnccl2", 0.001, layers.tree("usr/share/doc/cudnn", SHARE), ("usr/lib/",)
    ),
    _Draft("RUN bash Miniforge3-Linux-x86_64.sh -b -p /opt/conda", 0.17, layers.conda),
    _Draft("RUN mamba install mkl llvm", 0.05, layers.conda_libraries, (f"{PREFIX}/lib/lib",)),
    _Draft(
        "RUN pip install torch torchvision transformers",
        0.10,
        layers.pip("torch"),
        (f"{SITE}/torch/", f"{SITE}/triton/"),
    ),
    _Draft("RUN pip install nvidia-cudnn-cu12 nvidia-cublas-cu12", 0.002, layers.pip("nvidia"), (f"{SITE}/nvidia/",)),
    _Draft("RUN pip install tensorflow", 0.09, layers.pip("tensorflow"), (f"{SITE}/tensorflow/",)),
    _Draft("RUN pip install jax[cuda12]", 0.03, layers.pip("jax"), (f"{SITE}/jaxlib/",)),
    _Draft("RUN pip install numpy scipy pandas # and 30 more", 0.13, layers.pip("science"), (f"{SITE}/pyarrow/",)),
    _Draft("RUN pip install jupyterlab # and 15 more", 0.05, layers.pip("jupyter")),
    _Draft("RUN jupyter lab build", 0.12, layers.nodes),
    _Draft("RUN apt-get install --yes r-base r-recommended", 0.05, layers.tree("usr/lib/R/library", R)),
    _Draft("RUN conda clean --all --yes", 0.0005, layers.cleaned),
    _Draft("COPY models /opt/models", 0, layers.models, ("opt/models/",)),
    _Draft("RUN useradd --create-home --gid 100 --uid 1000 sagemaker-user", 0, layers.exactly(contents.user)),
    _Draft("RUN python3 -m pip install ipykernel && python3 -m ipykernel install", 0, layers.exactly(contents.kernel)),
    _Draft("COPY corpora /usr/share/corpora", 0.02, layers.tree(f"{_FILLER}/text", DATA)),
)
