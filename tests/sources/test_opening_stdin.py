"""Standard input of programs that use the API: they may end while nobody writes to it any more."""

import fcntl
import subprocess
import sys

import pytest

from tests.support.tarballs import file, layer

_PROGRAM = """
import sys, ocianalyze
try:
    ocianalyze.analyze(ocianalyze.Source(reference="-", stdin=sys.stdin.buffer, jobs=2))
except ocianalyze.OcianalyzeError as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="sets the size of a pipe")
def test_a_program_ends_though_its_input_does_not() -> None:
    damaged = bytearray(layer([file(f"{number}", bytes(1000)) for number in range(400)]))
    damaged[512 * 40 :] = b"x" * len(damaged[512 * 40 :])
    with subprocess.Popen([sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        fcntl.fcntl(process.stdin, fcntl.F_SETPIPE_SZ, 1 << 20)
        process.stdin.write(damaged)
        process.stdin.flush()
        assert process.wait(30) == 0
        assert process.stdout.read().strip()
