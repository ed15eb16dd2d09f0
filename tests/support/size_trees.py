"""Trees of sizes as reports have them, of images that are large enough to be interesting."""

from random import Random
from typing import Final

from ocianalyze.reports.report import Report, SizeNode

_NAMES: Final = (
    *("opt", "conda", "lib", "python3.12", "site-packages", "torch", "usr", "share", "nvidia", "cudnn", "pkgs"),
    *("envs", "include", "src", "models", "cache", "var", "tensorflow", "core", "ops", "data", "jax"),
)
_SMALLEST: Final = 10_000


def size_tree(most: int, *, layers: int = 12, total: int = 33_000_000_000, seed: int = 1) -> list[SizeNode]:
    """Return a tree of `most` nodes."""
    random = Random(seed)  # noqa: S311 - a tree that is always the same
    nodes: list[SizeNode] = []
    weights = [random.paretovariate(1) for _ in range(layers)]
    growing: list[int] = []
    for layer in range(layers):
        size = int(total * weights[layer] / sum(weights))
        hidden = random.choice((0, size // 3))
        growing.append(len(nodes))
        nodes.append(SizeNode(parent=None, name="", layer=layer, bytes=size, hidden=hidden))
    while growing and len(nodes) < most:
        parent = growing.pop(0)
        above = nodes[parent]
        shares = sorted((random.paretovariate(1) for _ in range(random.randint(2, 9))), reverse=True)
        left = above.hidden
        for number, share in enumerate(shares):
            size = int(above.bytes * 0.95 * share / sum(shares))
            if size < _SMALLEST or len(nodes) == most:
                break
            hidden = min(left, random.choice((0, size)))
            left -= hidden
            name = f"{random.choice(_NAMES)}{number or ''}"
            growing.append(len(nodes))
            nodes.append(SizeNode(parent=parent, name=name, layer=above.layer, bytes=size, hidden=hidden))
    return nodes


def with_tree(report: Report, most: int) -> Report:
    """Return a report with a tree, and with layers that fit it."""
    assert report.facts is not None
    nodes = size_tree(most)
    roots = [node for node in nodes if node.parent is None]
    total = sum(node.bytes for node in roots)
    size = report.facts.size.model_copy(update={"tree": nodes, "docker_image_size": total})
    layers = [
        report.layers[position % len(report.layers)].model_copy(
            update={"position": position, "uncompressed_size": node.bytes, "size": node.bytes // 2}
        )
        for position, node in enumerate(roots)
    ]
    return report.model_copy(update={"facts": report.facts.model_copy(update={"size": size}), "layers": layers})
