"""The tests on every Python that is found: ``nox`` runs a smoke part, ``nox -s tests-3.13`` all of them on one."""

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SMOKE = ("tests/layers/changeset", "tests/settings", "tests/sources/test_hostile_sources.py", "tests/test_convert.py")

_NOTHING_COMPILED = {"OCIANALYZE_PURE_PYTHON": "1"}
"""The tests import the package from here, with what is compiled beside it once for all Pythons."""

nox.options.sessions = ["smoke"]
nox.options.default_venv_backend = "venv"


@nox.session(python=PYTHONS)
def smoke(session: nox.Session) -> None:
    """Run the parts that depend on Python most, with few packages."""
    session.install(
        ".", "pytest>=9.0", "pytest-timeout>=2.4", "hypothesis>=6.150", "jsonschema>=4.26", env=_NOTHING_COMPILED
    )
    session.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *(session.posargs or SMOKE))


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run all tests but those that build real images."""
    session.install(".", "--group", "dev", env=_NOTHING_COMPILED)
    session.run("python", "-m", "pytest", "-p", "no:cacheprovider", *(session.posargs or ("--ignore=tests/real",)))
