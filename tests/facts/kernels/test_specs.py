"""The loader agrees with jupyter_client's own, on documents in a directory that it reads itself."""

import json
import logging
import warnings
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocianalyze.facts.kernels.specs import load_kernelspec

jupyter = import_module("jupyter_client.kernelspec")

DOCUMENTS: dict[str, bytes] = {
    "good": b'{"argv": ["python", "-f", "{connection_file}"], "display_name": "x", "language": "python"}',
    "list": b"[]",
    "number": b"5",
    "string": b'"x"',
    "null": b"null",
    "argv-number": b'{"argv": 5}',
    "argv-null": b'{"argv": null}',
    "argv-mixed": b'{"argv": ["a", 1]}',
    "argv-string": b'{"argv": "abc"}',
    "argv-object": b'{"argv": {"a": 1}}',
    "argv-empty": b'{"argv": []}',
    "display-number": b'{"display_name": 1}',
    "display-null": b'{"display_name": null}',
    "language-list": b'{"language": []}',
    "env-list": b'{"env": []}',
    "env-null": b'{"env": null}',
    "env-number": b'{"env": {"A": 1}}',
    "metadata-null": b'{"metadata": null}',
    "interrupt-upper": b'{"interrupt_mode": "SIGNAL"}',
    "interrupt-other": b'{"interrupt_mode": "foo"}',
    "interrupt-null": b'{"interrupt_mode": null}',
    "extra": b'{"codemirror_mode": "x", "foo": 1}',
    "resource-dir": b'{"resource_dir": "/x"}',
    "self": b'{"self": 1}',
    "self-null": b'{"argv": [], "self": null}',
    "cls": b'{"cls": 1, "args": 2, "kwargs": 3, "parent": 4, "log": 5, "config": 6}',
    "provisioner-null": b'{"metadata": {"kernel_provisioner": null}}',
    "provisioner-number": b'{"metadata": {"kernel_provisioner": 1}}',
    "provisioner-string": b'{"metadata": {"kernel_provisioner": "x"}}',
    "provisioner-string-named": b'{"metadata": {"kernel_provisioner": "a provisioner_name b"}}',
    "provisioner-list": b'{"metadata": {"kernel_provisioner": [1]}}',
    "provisioner-list-named": b'{"metadata": {"kernel_provisioner": ["provisioner_name"]}}',
    "provisioner-empty": b'{"metadata": {"kernel_provisioner": {}}}',
    "provisioner-local": b'{"metadata": {"kernel_provisioner": {"provisioner_name": "local-provisioner"}}}',
    "mimetype": b'{"mimetype": 3}',
    "version": b'{"kernel_protocol_version": 5.3}',
    "empty-object": b"{}",
    "empty": b"",
    "nan": b'{"metadata": {"x": NaN}}',
    "trailing-comma": b'{"argv": [],}',
    "bom": b"\xef\xbb\xbf{}",
    "latin-1": '{"display_name": "\u00e9"}'.encode("latin-1"),
    "duplicate": b'{"argv": ["a"], "argv": ["b"]}',
    "comment": b"{} // x",
    "control": b'{"display_name": "a\tb"}',
    "surrogate": b'{"display_name": "\\ud800"}',
    "deep": b'{"metadata": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


def load_with_jupyter(directory: Path) -> dict[str, dict[str, object]]:
    """Return the kernels that jupyter_client lists in a directory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        manager = jupyter.KernelSpecManager(kernel_dirs=[str(directory)], ensure_native_kernel=False)
        manager.log.handlers = [logging.NullHandler()]
        manager.log.propagate = False
        return {name: found["spec"] for name, found in manager.get_all_specs().items()}


def agree(content: bytes, theirs: dict[str, object] | None) -> None:
    """Assert that our reading of a document is the same as jupyter_client's."""
    ours = load_kernelspec(content)
    assert (ours.problem is None) == (theirs is not None), ours.problem
    if theirs is not None:
        argv = theirs["argv"]
        assert isinstance(argv, list)
        assert list(ours.argv) == [str(word) for word in argv]
        assert ours.display_name == theirs["display_name"]
        assert ours.language == theirs["language"]


def test_documents(tmp_path: Path) -> None:
    for name, content in DOCUMENTS.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.json").write_bytes(content)
    listed = load_with_jupyter(tmp_path)
    for name, content in DOCUMENTS.items():
        agree(content, listed.get(name))


_values = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | st.text(max_size=3)
_keys = st.sampled_from(
    ["argv", "display_name", "language", "env", "metadata", "interrupt_mode", "name", "mimetype", "x-extra"]
)
_objects = st.dictionaries(
    _keys,
    _values | st.lists(_values, max_size=3) | st.dictionaries(st.text(max_size=2), _values, max_size=2),
    max_size=4,
)


@given(_objects)
def test_any_object(tmp_path_factory: pytest.TempPathFactory, value: dict[str, object]) -> None:
    directory = tmp_path_factory.mktemp("kernels")
    content = json.dumps(value).encode()
    (directory / "k").mkdir()
    (directory / "k" / "kernel.json").write_bytes(content)
    agree(content, load_with_jupyter(directory).get("k"))


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "'argv' is missing"),
        ({"argv": "python"}, "is a string"),
        ({"argv": []}, "is empty"),
        ({"argv": ["", "{connection_file}"]}, "'argv[0]' is empty"),
        ({"argv": ["a", 1, "{connection_file}"]}, "'argv[1]' is a number"),
        ({"argv": ["a"]}, "{connection_file}"),
        ({"argv": ["a", "--f={connection_file}"]}, None),
    ],
)
def test_commands(document: dict[str, object], problem: str | None) -> None:
    found = load_kernelspec(json.dumps(document).encode()).argv_problem
    assert found is None if problem is None else found is not None and problem in found


@pytest.mark.parametrize("word", ["a\\u0000", "\\ud800", "\\udfff"])
def test_what_no_program_can_be_given(word: str) -> None:
    argv = f'["python", "{word}", "{{connection_file}}"]'
    assert "not allowed in arguments" in (load_kernelspec(f'{{"argv": {argv}}}'.encode()).argv_problem or "")
    for env in (f'{{"A": "{word}"}}', f'{{"{word}": ""}}', '{"A=B": ""}', '{"": ""}'):
        spec = load_kernelspec(f'{{"argv": ["python", "{{connection_file}}"], "env": {env}}}'.encode())
        assert "not allowed in variables" in (spec.argv_problem or "")
