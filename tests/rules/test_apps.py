"""The image's own application: what starts it, and whether Studio can reach it."""

import shlex
from typing import Any

import pytest

from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB, UNIFIED
from tests.rules.subjects import IPYKERNEL, base, findings, kernel, make_subject, program, python, verdict
from tests.support.tarballs import Item, directory, file, symlink

BIN = "usr/local/bin"
SITE = "usr/local/lib/python3.11/site-packages"
SHEBANG = b"#!/usr/local/bin/python3\n"
OPTIONS = (
    "--ip 0.0.0.0 --port 8888 --ServerApp.base_url=\"/jupyterlab/default\" --ServerApp.token='' "
    "--ServerApp.allow_origin='*'"
)
EDITOR = 'sagemaker-code-editor --host 0.0.0.0 --port 8888 --without-connection-token --base-path "/CodeEditor/default"'


def shell_form(text: str) -> dict[str, Any]:
    """Return the configuration that `CMD text` makes."""
    return {"Cmd": ["/bin/sh", "-c", text]}


def exec_form(*words: str) -> dict[str, Any]:
    """Return the configuration that `CMD ["...", ...]` makes."""
    return {"Cmd": list(words)}


def lab(version: str = "4.2.5", prefix: str = "usr/local") -> list[Item]:
    """Return JupyterLab in a Python, as pip installs it."""
    site = f"{prefix}/lib/python3.11/site-packages"
    script = f"#!/{prefix}/bin/python3\n".encode()
    return [
        *python(prefix, names=("python3", "python")),
        *(program(f"{prefix}/bin/{name}", script) for name in ("jupyter", "jupyter-lab", "jupyter-server")),
        file(f"{site}/ipykernel/__init__.py", b"#"),
        file(f"{site}/jupyterlab/__init__.py", b"#"),
        file(f"{site}/jupyterlab-{version}.dist-info/METADATA", b"#"),
        file(f"{site}/jupyter_activity_monitor_extension/__init__.py", b"#"),
        file(f"{site}/jupyter_activity_monitor_extension-0.3.2.dist-info/METADATA", b"#"),
    ]


def kernel_of_project() -> Item:
    """Return the kernel that pip brings, in the environment of a project."""
    return kernel("app/.venv/share/jupyter/kernels/python3", ("python", *IPYKERNEL))


def jupyter_image() -> list[Item]:
    """Return AWS's first example for JupyterLab, as it comes out on Amazon Linux 2023."""
    home = [directory("home/sagemaker-user", uid=1000, gid=100), file("home/sagemaker-user/.bashrc", b"#", uid=1000)]
    return [*base(), *lab(), *home]


def distribution() -> tuple[list[Item], dict[str, Any]]:
    """Return an image of SageMaker Distribution: its files, and its configuration."""
    scripts = ("entrypoint-jupyter-server", "start-jupyter-server", "entrypoint-code-editor", "start-code-editor")
    supervised = b"#!/bin/bash\nset -e\nexec supervisord -c /etc/supervisor/conf.d/supervisord.conf -n\n" + b"#" * 600
    items = [
        *base(),
        *lab("4.5.1", "opt/conda"),
        program("bin/bash"),
        program("usr/bin/env"),
        program(f"{BIN}/_entrypoint.sh", b'#!/usr/bin/env bash\nsource _activate_current_env.sh\nexec "$@"\n'),
        *(program(f"{BIN}/{name}", supervised) for name in scripts),
        program("opt/conda/bin/sagemaker-code-editor", b"#!/bin/sh\n"),
        program("opt/conda/bin/supervisord", b"#!/opt/conda/bin/python\n"),
        file("etc/supervisor/conf.d/supervisord.conf", b"[supervisord]\nnodaemon=true\n"),
        directory("var/log/studio", uid=1000),
    ]
    config = {
        "Entrypoint": [f"/{BIN}/_entrypoint.sh"],
        "Cmd": ["/bin/bash"],
        "Env": ["PATH=/opt/conda/bin:/opt/conda/condabin:/usr/local/bin:/usr/bin:/bin", "MAMBA_ROOT_PREFIX=/opt/conda"],
        "Labels": {"org.amazon.sagemaker-distribution.image.version": "4.4.1"},
        "WorkingDir": "/home/sagemaker-user",
    }
    return items, config


def causes(rule: str, items: list[Item], config: dict[str, Any], profile: str, **more: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Return the severity and the cause of each finding."""
    found = findings(rule, items, config=config, profile=profile, **more)
    return [(severity, finding.data["cause"]) for severity, finding in found]


def jupyter(text: str | dict[str, Any], *more: Item, **options: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    """Return what APP002 finds of a command in an image with JupyterLab."""
    config = shell_form(text) if isinstance(text, str) else text
    return causes("APP002", [*jupyter_image(), *more], config, JUPYTERLAB, **options)


# --- AWS's own examples ----------------------------------------------------------------------------------------------

SAMPLES: list[tuple[str, list[Item], dict[str, Any], str]] = [
    ("JupyterLab on Amazon Linux 2023", jupyter_image(), shell_form(f"jupyter lab {OPTIONS}"), JUPYTERLAB),
    (
        "JupyterLab on SageMaker Distribution",
        distribution()[0],
        {
            **distribution()[1],
            "Entrypoint": ["jupyter-lab"],
            "Cmd": [
                "--ServerApp.ip=0.0.0.0",
                "--ServerApp.port=8888",
                "--ServerApp.allow_origin=*",
                "--ServerApp.token=''",
                "--ServerApp.base_url=/jupyterlab/default",
            ],
        },
        JUPYTERLAB,
    ),
    (
        "SageMaker Distribution's own server",
        distribution()[0],
        {**distribution()[1], "Entrypoint": ["entrypoint-jupyter-server"], "Cmd": []},
        JUPYTERLAB,
    ),
    (
        "Code Editor on SageMaker Distribution",
        distribution()[0],
        {**distribution()[1], "Entrypoint": ["entrypoint-code-editor"], "Cmd": []},
        CODE_EDITOR,
    ),
    (
        "Code Editor on micromamba",
        [
            *base(),
            program("bin/bash"),
            program("usr/bin/env"),
            program("bin/micromamba"),
            directory("opt/conda/conda-meta"),
            program("opt/conda/bin/sagemaker-code-editor", b"#!/bin/sh\n"),
            program(f"{BIN}/_entrypoint.sh", b'#!/usr/bin/env bash\nset -ef\nexec "$@"\n'),
            program(f"{BIN}/_dockerfile_shell.sh", b'#!/usr/bin/env bash\nexec bash -o pipefail -c "$@"\n'),
        ],
        {
            "Entrypoint": [f"/{BIN}/_entrypoint.sh"],
            "Cmd": [
                f"/{BIN}/_dockerfile_shell.sh",
                f'eval "$(micromamba shell hook --shell=bash)";     micromamba activate base;     {EDITOR}',
            ],
            "Env": ["MAMBA_ROOT_PREFIX=/opt/conda", "ENV_NAME=base"],
        },
        CODE_EDITOR,
    ),
]


@pytest.mark.parametrize(
    ("name", "items", "config", "profile"), SAMPLES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_examples_of_aws_have_a_server_that_works(
    name: str, items: list[Item], config: dict[str, Any], profile: str
) -> None:
    found = verdict(make_subject(items, config=config), profile)
    apps = {rule: severity for rule, severity in found.items() if rule.startswith("APP") and severity != "note"}
    assert apps == {}, name
    for rule in ("APP001", "APP002", "APP003", "APP004"):
        assert rule not in found


def test_plain_sagemaker_distribution_needs_a_command() -> None:
    items, config = distribution()
    for profile in (JUPYTERLAB, CODE_EDITOR):
        assert causes("APP004", items, config, profile) == [("undecided", "shell-only")]
        given: dict[str, Any] = {"JupyterLabAppImageConfig": {}}
        assert causes("APP004", items, config, profile, app_image_config=given) == [("undecided", "shell-only")]
    assert findings("APP005", items, config=config, profile=UNIFIED) == []


# --- APP001 ----------------------------------------------------------------------------------------------------------


def test_jupyterlab_is_installed_where_the_server_is() -> None:
    start = shell_form(f"jupyter lab {OPTIONS}")
    assert findings("APP001", jupyter_image(), config=start, profile=JUPYTERLAB) == []
    opaque = exec_form("/opt/run")
    assert findings("APP001", [*jupyter_image(), program("opt/run")], config=opaque, profile=JUPYTERLAB) == []
    ((severity, finding),) = findings("APP001", [*base(), *python("usr/local")], config=start, profile=JUPYTERLAB)
    assert (severity, finding.path) == ("error", None)
    assert findings("APP001", base(), config=start, profile=CODE_EDITOR) == []


def test_jupyterlab_of_another_python_or_hidden() -> None:
    other = [*base(), *lab(prefix="opt/conda"), *python("usr/local"), program(f"{BIN}/jupyter", SHEBANG)]
    ((severity, finding),) = findings("APP001", other, config=exec_form("jupyter", "lab"), profile=JUPYTERLAB)
    assert severity == "error"
    assert finding.data["elsewhere"] == ["/opt/conda/lib/python3.11/site-packages"]
    assert finding.data["python"] == "/usr/local"
    hidden = [*base(), *lab(prefix="home/sagemaker-user/venv")]
    ((severity, finding),) = findings("APP001", hidden, config=exec_form("/x"), profile=JUPYTERLAB)
    assert severity == "error"
    assert "hidden" in finding.message


@pytest.mark.parametrize(("version", "severity"), [("4.0.0", None), ("3.6.7", "warning"), ("5.0.0a1", "warning")])
def test_versions_of_jupyterlab(version: str, severity: str | None) -> None:
    found = findings("APP001", [*base(), *lab(version)], config=exec_form("jupyter", "lab"), profile=JUPYTERLAB)
    assert [severity for severity, _ in found] == ([severity] if severity else [])


# --- APP002 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        shell_form(f"exec jupyter-lab {OPTIONS}"),
        shell_form(f"cd /tmp && A=1 exec env B=2 jupyter lab {OPTIONS} 2>&1"),
        shell_form(f"jupyter labextension list; jupyter lab {OPTIONS} | tee /tmp/log"),
        shell_form(f"python -m jupyterlab {OPTIONS}"),
        shell_form(f"python3 -m jupyter lab {OPTIONS}"),
        shell_form(f"jupyter server {OPTIONS} & wait"),
        {"Entrypoint": ["/tini", "-g", "--"], **shell_form(f"nohup jupyter lab {OPTIONS}")},
        {"Entrypoint": ["/usr/local/bin/docker-entrypoint.sh"], **shell_form(f"jupyter lab {OPTIONS}")},
        {"Entrypoint": ["bash", "/opt/start.sh"]},
        {"Cmd": ["/opt/start.sh"]},
        {"Entrypoint": ["start-notebook.py"], "Env": [f"NOTEBOOK_ARGS={OPTIONS}"]},
        {"Cmd": ["jupyter", "lab"]},
    ],
)
def test_servers_that_studio_can_reach(config: dict[str, Any]) -> None:
    more = [
        program("tini"),
        program("bin/bash"),
        program("usr/bin/env"),
        program(f"{BIN}/docker-entrypoint.sh", b'#!/bin/sh\nif [ -n "$X" ]; then\n echo x\nfi\nexec "$@"\n'),
        program("opt/start.sh", f"#!/bin/bash\nset -e\nsource /opt/x.sh\nexec jupyter lab {OPTIONS}\n".encode()),
        program(f"{BIN}/start-notebook.py", SHEBANG),
        file("opt/x.sh", b"export X=1\n"),
    ]
    if config == {"Cmd": ["jupyter", "lab"]}:
        settings = (
            b"c.ServerApp.ip = '*'\nc.ServerApp.base_url = 'jupyterlab/default/'\nc.IdentityProvider.token = ''\n"
        )
        more += [file("usr/local/etc/jupyter/jupyter_server_config.py", settings)]
        more += [file("etc/jupyter/jupyter_server_config.json", b'{"ServerApp": {"allow_origin": "*"}}')]
    assert jupyter(config, *more) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jupyter lab", ["address", "base-url", "token", "origin"]),
        (f"jupyter lab {OPTIONS}".replace("--ip 0.0.0.0", "--ip=127.0.0.1"), ["address"]),
        (f"jupyter lab {OPTIONS}".replace("8888", "8889"), ["port"]),
        (f"JUPYTER_PORT=9000 jupyter lab {OPTIONS}".replace("--port 8888", ""), ["port"]),
        (f"jupyter lab {OPTIONS}".replace("jupyterlab/default", "jupyter/default"), ["base-url"]),
        (f"jupyter lab {OPTIONS}".replace("--ServerApp.token", "--token"), ["token"]),
        (f"jupyter lab {OPTIONS} --ServerApp.password=sha1:x", ["password"]),
        (f"jupyter lab {OPTIONS}".replace("--ServerApp.allow_origin='*'", ""), ["origin"]),
        (f"jupyter lab {OPTIONS} --ip=1.1.1.1", ["refused"]),
        (f"jupyter-labs {OPTIONS}", ["unknown"]),
        (f"jupyter notebook {OPTIONS}", ["program-missing"]),
        (f"set -u; echo $TEAM; jupyter lab {OPTIONS}", ["variable-missing"]),
        (f"/opt/venv/bin/jupyter lab {OPTIONS}", ["program-missing"]),
        (EDITOR, ["program-missing"]),
        (f"/opt/{EDITOR}", ["other-app"]),
        (f"jupyter lab {OPTIONS}".replace("--ip 0.0.0.0", '--ip="$AWS_ADDRESS"'), ["unknown"]),
        ("python app.py", ["unknown"]),
        ('if [ -n "$AWS_X" ]; then jupyter lab --ip=0.0.0.0; else jupyter lab; fi', ["unknown"]),
        ('if [ -n "$X" ]; then jupyter lab; else jupyter lab --ip=0.0.0.0; fi', ["base-url", "token", "origin"]),
    ],
)
def test_servers_that_studio_cannot_reach(text: str, expected: list[str]) -> None:
    found = jupyter(text, program("opt/sagemaker-code-editor"))
    severities = {"origin": "note", "unknown": "undecided"}
    assert sorted(found) == sorted((severities.get(cause, "error"), cause) for cause in expected)


def test_options_without_effect_are_named() -> None:
    ((_, finding),) = findings(
        "APP002",
        jupyter_image(),
        config=shell_form(f"jupyter lab {OPTIONS}".replace("--ServerApp.token", "--token")),
        profile=JUPYTERLAB,
    )
    assert "--token is not an option" in finding.message
    assert finding.data["value"] is None
    assert finding.path == "/bin/sh"


def test_a_script_that_decides_leaves_it_undecided() -> None:
    good = "jupyter lab --ip=0.0.0.0 --ServerApp.base_url=jupyterlab/default --ServerApp.token="
    assert jupyter(f'[ -z "$AWS_X" ] || {good}') == [("undecided", "origin")]
    assert ("undecided", "token") in jupyter('if [ -n "$AWS_X" ]; then jupyter lab; fi')
    assert ("error", "token") in jupyter("if true; then jupyter lab; fi")


def test_a_server_that_need_not_be_started_leaves_it_undecided() -> None:
    good = f"jupyter lab {OPTIONS}"
    assert jupyter(f"[ $AWS_X ] && exec {good}") == [("undecided", "unknown")]
    assert jupyter(f"case $AWS_X in y) exit 1;; esac; exec {good}") == [("undecided", "unknown")]
    assert jupyter(f"/opt/setup || exit 1; {good}", program("opt/setup")) == []
    assert jupyter(f"false && exit 1; {good}") == []


def test_what_is_missing_on_the_way_ends_it() -> None:
    good = f"jupyter lab {OPTIONS}"
    assert jupyter(f"set -e; /opt/setup; {good}") == [("error", "program-missing")]
    assert jupyter(f"/opt/setup; {good}") == []
    assert jupyter(f"set -e; /opt/setup || true; {good}") == []
    ((_, finding),) = findings(
        "APP002", jupyter_image(), config=shell_form(f"set -e; /opt/setup; {good}"), profile=JUPYTERLAB
    )
    assert "/opt/setup does not exist" in finding.message


def test_a_command_on_files_that_fails_ends_it() -> None:
    good = f"jupyter lab {OPTIONS}"
    assert jupyter(f"set -e; cp /etc/none /tmp; {good}") == [("error", "command-fails")]
    assert jupyter(f"cp /etc/none /tmp && {good}") == [("undecided", "unknown")]
    assert jupyter(f"cp /etc/none /tmp; {good}") == []
    assert jupyter(f"set -e; cp /etc/none /tmp || true; {good}") == []
    script = shell_form(f"set -e; mkdir /srv/x; {good}") | {"User": "1000"}
    ((_, finding),) = findings("APP002", [*jupyter_image(), directory("srv")], config=script, profile=JUPYTERLAB)
    assert "mkdir fails, because /srv is not writable" in finding.message
    assert "; or start the server without it: 'CMD [" in (finding.hint or "")


IN_PROJECT: list[tuple[str, str, bytes | None]] = [
    ("uv", f"uv run --frozen jupyter lab {OPTIONS}", None),
    ("poetry", f"poetry run jupyter lab {OPTIONS}", None),
    ("a PATH that is exported", "/entrypoint.sh", b"export PATH=/app/.venv/bin:$PATH\n"),
    ("a PATH in two steps", "/entrypoint.sh", b"PATH=/app/.venv/bin:$PATH\nexport PATH\n"),
    ("a directory", "/entrypoint.sh", b"cd .venv/bin\nPATH=.:$PATH\n"),
    ("a relative activation", "/entrypoint.sh", b"cd /app && source .venv/bin/activate\n"),
    ("a file of settings", "/entrypoint.sh", b"source /app/settings.sh\n"),
    ("a hook that is known", "/entrypoint.sh", b'eval "$(pixi shell-hook)"\n'),
    ("a condition", "/entrypoint.sh", b"if [ -d /app ]; then PATH=/app/.venv/bin:$PATH; fi\n"),
    ("a variable that is not set", "/entrypoint.sh", b"PATH=${APP:-/app}/.venv/bin:$PATH\n"),
]


@pytest.mark.parametrize(("command", "script"), [row[1:] for row in IN_PROJECT], ids=[row[0] for row in IN_PROJECT])
@pytest.mark.parametrize("passed", [False, True], ids=["own", "passed"])
def test_servers_in_the_environment_of_a_project(command: str, script: bytes | None, *, passed: bool) -> None:
    items = [*base(), *python("usr/local"), *lab(prefix="app/.venv"), kernel_of_project()]
    items += [file("app/.venv/pyvenv.cfg", b"home = /usr/local/bin\n"), file("app/.venv/bin/activate")]
    items += [program("usr/local/bin/uv"), program("usr/local/bin/poetry"), program("app/tools")]
    items += [file("app/settings.sh", b"export PATH=/app/.venv/bin:$PATH\n")]
    items += [program("usr/local/bin/pixi"), symlink("app/.pixi/envs/default/bin", "/app/.venv/bin")]
    server = ["jupyter", "lab", *shlex.split(OPTIONS)]
    config: dict[str, Any] = shell_form(command) if script is None else {"Entrypoint": [command]}
    if script is not None:
        last = b'exec "$@"\n' if passed else b"exec " + shlex.join(server).encode() + b"\n"
        items.append(program("entrypoint.sh", b"#!/bin/bash\n" + script + last))
        config["Cmd"] = server if passed else []
    subject = make_subject(items, config={**config, "WorkingDir": "/app"})
    assert not {rule for rule, severity in verdict(subject, JUPYTERLAB).items() if severity != "note"}


@pytest.mark.parametrize(
    "script",
    [
        b"source /opt/ml/settings\n",
        b"source /app/settings\n",
        b'eval "$(/app/tools hook)"\n',
        b"PATH=$AWS_APP/.venv/bin:$PATH\n",
    ],
)
def test_environments_that_only_a_run_can_tell(script: bytes) -> None:
    items = [*base(), *python("usr/local"), *lab(prefix="app/.venv"), program("app/tools")]
    items += [file("app/settings", b"export PATH=/app/.venv/bin:$PATH\n")]
    items.append(program("entrypoint.sh", b"#!/bin/bash\n" + script + b'exec "$@"\n'))
    config = {"Entrypoint": ["/entrypoint.sh"], "Cmd": ["jupyter", "lab", *shlex.split(OPTIONS)], "WorkingDir": "/app"}
    assert causes("APP002", items, config, JUPYTERLAB) == [("undecided", "unknown")]


def test_environments_that_are_not_there_leave_it_open() -> None:
    assert jupyter(f"uv run jupyter lab {OPTIONS}", program("usr/bin/uv")) == []
    missing = [*base(), program("usr/bin/uv"), program("entrypoint.sh", b'#!/bin/sh\ncd /srv\nexec "$@"\n')]
    assert causes("APP002", missing, shell_form(f"uv run jupyter lab {OPTIONS}"), JUPYTERLAB) == [
        ("undecided", "unknown")
    ]
    config = {"Entrypoint": ["/entrypoint.sh"], "Cmd": ["jupyter", "lab"]}
    assert causes("APP002", missing, config, JUPYTERLAB) == [("error", "program-missing")]


def test_options_in_a_script() -> None:
    text = b'#!/bin/bash\nO="--ip=0.0.0.0 --ServerApp.token="\nO+=" --ServerApp.base_url=/jupyterlab/default"\n'
    entry = {"Entrypoint": ["/entrypoint.sh"]}
    assert jupyter(entry, program("entrypoint.sh", text + b'jupyter lab $O --ServerApp.allow_origin="*"\n')) == []
    text = b'#!/bin/bash\nCOMMAND=(jupyter lab --ip=0.0.0.0)\nCOMMAND+=(--port=8888)\nexec "${COMMAND[@]}"\n'
    found = [("error", "base-url"), ("error", "token"), ("note", "origin")]
    assert jupyter(entry, program("entrypoint.sh", text)) == found


def test_carriage_returns_in_a_script_belong_to_the_words() -> None:
    lines = (
        b"jupyter lab --ip=0.0.0.0 --ServerApp.base_url=/jupyterlab/default --ServerApp.allow_origin=* "
        b"--ServerApp.token=%s\n"
    )
    command = exec_form("bash", "/entrypoint.sh")
    assert jupyter(command, program("entrypoint.sh", lines % b"")) == []
    assert jupyter(command, program("entrypoint.sh", lines % b"\r")) == [("error", "token")]


def test_a_pattern_of_origins_may_allow_all() -> None:
    options = OPTIONS.replace("allow_origin='*'", "allow_origin_pat='.*'")
    assert jupyter(f"jupyter lab {options}") == [("undecided", "unknown")]


def test_root_needs_an_option() -> None:
    root = {**shell_form(f"jupyter lab {OPTIONS}"), "User": "0"}
    assert jupyter(root) == [("error", "root")]
    dropped = program("usr/bin/setpriv")
    assert jupyter({**root, **shell_form(f"setpriv --reuid=1000 --clear-groups jupyter lab {OPTIONS}")}, dropped) == []
    assert jupyter({**root, **shell_form(f"setpriv --reuid 0 jupyter lab {OPTIONS}")}, dropped) == [("error", "root")]
    assert jupyter({**root, **shell_form(f"jupyter lab {OPTIONS} --allow-root")}) == []
    items, config = distribution()
    started = {**config, "Cmd": ["entrypoint-jupyter-server"]}
    assert causes("APP002", items, started, JUPYTERLAB) == []
    assert causes("APP002", items, {**started, "User": "root"}, JUPYTERLAB) == [("error", "root")]


def test_the_app_image_config_replaces_the_command() -> None:
    arguments = ["--ServerApp.ip=0.0.0.0", "--ServerApp.base_url=/jupyterlab/default", "--ServerApp.token="]
    container = {"ContainerEntrypoint": ["jupyter-lab"], "ContainerArguments": arguments}
    config = {"JupyterLabAppImageConfig": {"ContainerConfig": container}}
    image = shell_form(f"jupyter lab {OPTIONS}")
    assert jupyter(image, app_image_config=config) == [("note", "origin")]
    # An entry point alone takes the image's CMD away.
    alone = {"JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": ["jupyter-lab"]}}}
    assert ("error", "token") in jupyter(image, app_image_config=alone)
    unified = causes("APP002", jupyter_image(), image, UNIFIED, app_image_config=config)
    assert unified == [("error", "unified")]
    assert causes("APP002", jupyter_image(), image, UNIFIED) == []
    # The other app's does not count.
    assert jupyter(image, app_image_config={"CodeEditorAppImageConfig": {"ContainerConfig": container}}) == []


# --- APP003 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (EDITOR, []),
        (EDITOR.replace("CodeEditor", "codeeditor").replace("--host 0.0.0.0", "--host=0.0.0.0"), []),
        (EDITOR.replace("--host 0.0.0.0", ""), [("error", "address")]),
        (EDITOR.replace("--port 8888", "--port 8000"), [("error", "port")]),
        (EDITOR.replace("--port 8888", ""), [("error", "port")]),
        (EDITOR.replace("--without-connection-token", "--connection-token x"), [("error", "token")]),
        (f"{EDITOR} --connection-token x", [("error", "token")]),
        (EDITOR.replace("/CodeEditor/default", "/x"), [("warning", "base-path")]),
        (EDITOR.replace("/CodeEditor/default", "/$SAGEMAKER_APP_TYPE_LOWERCASE/default"), []),
        ("sagemaker-code-editor $AWS_OPTIONS", [("undecided", "unknown")]),
        (f"if true; then {EDITOR.replace('--port 8888', '')}; fi", [("error", "port")]),
        (f"if [ $AWS_X ]; then {EDITOR.replace('--port 8888', '')}; fi", [("undecided", "port")]),
        (f"if [ $AWS_X ]; then {EDITOR}; fi", [("undecided", "unknown")]),
        (EDITOR.replace("--host 0.0.0.0", "--host $AWS_HOST"), [("undecided", "unknown")]),
        (f"{EDITOR} $AWS_OPTIONS", [("undecided", "unknown")]),
        ("jupyter lab", [("error", "other-app")]),
        ("python app.py", [("undecided", "unknown")]),
        (f"conda run -n base {EDITOR}", []),
    ],
)
def test_code_editor(text: str, expected: list[tuple[str, str]]) -> None:
    items = [*base(), program("opt/conda/bin/sagemaker-code-editor"), program("bin/conda")]
    config = {**shell_form(text), "Env": ["PATH=/opt/conda/bin:/bin"]}
    assert causes("APP003", items, config, CODE_EDITOR) == expected


def test_code_editor_that_is_not_there_or_not_on_the_path() -> None:
    assert causes("APP003", base(), shell_form(EDITOR), CODE_EDITOR) == [("error", "editor-missing")]
    assert causes("APP003", base(), {}, CODE_EDITOR) == [("error", "editor-missing")]
    aside = [*base(), program("opt/conda/bin/sagemaker-code-editor")]
    assert causes("APP003", aside, shell_form(EDITOR), CODE_EDITOR) == [("error", "program-missing")]
    assert causes("APP003", aside, {}, CODE_EDITOR) == []
    ran = {"Entrypoint": ["conda", "run", "-p", "/opt/conda"], **exec_form(*EDITOR.replace('"', "").split())}
    assert causes("APP003", [*aside, program("bin/conda")], ran, CODE_EDITOR) == []


# --- APP004 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        ({}, "no-command"),
        ({"Cmd": ["bash"]}, "shell-only"),
        ({"Cmd": ["/bin/sh", "-l"]}, "shell-only"),
        ({"Entrypoint": ["tini", "--"], "Cmd": ["python3"]}, "shell-only"),
        ({"Entrypoint": ["/usr/local/bin/_entrypoint.sh"], "Cmd": ["/bin/bash"]}, "shell-only"),
        ({"Entrypoint": ["tini", "--"]}, "shell-only"),
        ({"Cmd": ["/bin/sh", "-c", ""]}, "shell-only"),
        ({"Cmd": ["python3", "app.py"]}, None),
        ({"Cmd": ["/bin/sh", "-c", "jupyter lab"]}, None),
        ({"Entrypoint": ["/run.sh"]}, None),
    ],
)
def test_no_command(config: dict[str, Any], cause: str | None) -> None:
    for profile in (JUPYTERLAB, CODE_EDITOR):
        assert causes("APP004", base(), config, profile) == ([("undecided", cause)] if cause else [])
        given = causes("APP004", base(), config, profile, app_image_config={"JupyterLabAppImageConfig": {}})
        assert given == ([("error", cause)] if cause else [])
    assert findings("APP004", base(), config=config, profile=CLASSIC) == []


def test_the_app_image_config_brings_a_command() -> None:
    container = {"ContainerConfig": {"ContainerEntrypoint": ["jupyter-lab"]}}
    config = {"JupyterLabAppImageConfig": container}
    assert causes("APP004", base(), {}, JUPYTERLAB, app_image_config=config) == []
    assert causes("APP004", base(), {}, CODE_EDITOR, app_image_config=config) == [("error", "no-command")]


# --- APP006 to APP011 ------------------------------------------------------------------------------------------------


def entrypoint(*words: str) -> dict[str, Any]:
    """Return an AppImageConfig with an entry point for JupyterLab."""
    return {"JupyterLabAppImageConfig": {"ContainerConfig": {"ContainerEntrypoint": list(words)}}}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("jupyter-lab",), None),
        (("/usr/local/bin/jupyter-lab",), None),
        (("jupyterlab",), "not-on-path"),
        (("jupyter lab",), "not-on-path"),
        (("/opt/missing",), "missing"),
        (("/etc/passwd",), "not-executable"),
        (("/home/sagemaker-user/run",), "hidden"),
    ],
)
def test_container_entrypoints(words: tuple[str, ...], problem: str | None) -> None:
    items = [*jupyter_image(), program("home/sagemaker-user/run")]
    found = findings("APP006", items, profile=JUPYTERLAB, app_image_config=entrypoint(*words))
    assert [(severity, finding.data["problem"]) for severity, finding in found] == (
        [("error", problem)] if problem else []
    )
    assert findings("APP006", items, profile=CODE_EDITOR, app_image_config=entrypoint(*words)) == []
    assert findings("APP006", items, profile=JUPYTERLAB) == []


def test_idle_shutdown() -> None:
    assert findings("APP007", jupyter_image(), profile=JUPYTERLAB) == []
    ((severity, _),) = findings("APP007", base(), profile=JUPYTERLAB)
    assert severity == "note"
    old = [file(f"{SITE}/jupyter_activity_monitor_extension/__init__.py", b"#")]
    old += [file(f"{SITE}/jupyter_activity_monitor_extension-0.1.2.dist-info/METADATA", b"#")]
    ((_, finding),) = findings("APP007", old, profile=JUPYTERLAB)
    assert finding.data["version"] == "0.1.2"
    label = {"Labels": {"org.amazon.sagemaker-distribution.image.version": "2.0.1"}}
    assert findings("APP007", base(), config=label, profile=JUPYTERLAB) == []
    label = {"Labels": {"org.amazon.sagemaker-distribution.image.version": "1.11"}}
    assert len(findings("APP007", base(), config=label, profile=JUPYTERLAB)) == 1


@pytest.mark.parametrize(
    ("variable", "classic", "newer"),
    [
        ("AWS_REGION=eu-west-1", "note", "warning"),
        ("SAGEMAKER_SPACE_NAME=x", "note", "warning"),
        ("SAGEMAKER_LOGGING_DIR=/x", "note", "note"),
        ("AWS_SECRET_ACCESS_KEY=abc", "error", "error"),
        ("AWS_SECRET_ACCESS_KEY=", "note", "warning"),
        ("MY_AWS_REGION=x", None, None),
        ("PATH=/bin", None, None),
    ],
)
def test_variables(variable: str, classic: str | None, newer: str | None) -> None:
    for profile, severity in ((CLASSIC, classic), (JUPYTERLAB, newer), (UNIFIED, newer)):
        found = findings("APP008", base(), config={"Env": [variable]}, profile=profile)
        assert [severity for severity, _ in found] == ([severity] if severity else [])
        assert all("abc" not in finding.message and "abc" not in str(finding.data) for _, finding in found)


def test_variables_of_the_app_image_config() -> None:
    container = {"ContainerEnvironmentVariables": {"AWS_REGION": "x", "A": "b", "AWS_X": 5}}
    config = {"JupyterLabAppImageConfig": {"ContainerConfig": container}}
    ((_, finding),) = findings("APP008", base(), profile=JUPYTERLAB, app_image_config=config)
    assert finding.data == {"variable": "AWS_REGION", "origin": "app-image-config", "credential": False}


def test_remote_access() -> None:
    tools = [program(f"usr/bin/{name}") for name in ("wget", "unzip", "tar", "gzip")]
    assert findings("APP009", tools, profile=JUPYTERLAB) == []
    ((severity, finding),) = findings("APP009", tools[2:], profile=CODE_EDITOR)
    assert (severity, finding.data["missing"]) == ("note", ["curl", "unzip"])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"StopSignal": "SIGINT"}, ["stop-signal"]),
        ({"StopSignal": "SIGTERM"}, []),
        ({"StopSignal": "15"}, []),
        ({"Entrypoint": ["tini", "--", "x"]}, ["init"]),
        ({"Entrypoint": ["/usr/bin/tini"], "Cmd": ["supervisord", "-n"]}, ["init", "supervisor"]),
        ({"Cmd": ["/bin/sh", "-c", "trap 'save' TERM INT; x & wait"]}, ["trap"]),
        ({"Cmd": ["/bin/sh", "-c", "trap cleanup EXIT; x"]}, []),
        ({"Entrypoint": ["/usr/local/bin/_entrypoint.sh"], "Cmd": ["bash"]}, []),
        ({"Cmd": ["jupyter", "lab"]}, []),
        ({}, []),
    ],
)
def test_signals(config: dict[str, Any], expected: list[str]) -> None:
    found = findings("APP011", [*base(), symlink("usr/bin/x", "/bin/sh")], config=config)
    assert sorted((severity, finding.data["cause"]) for severity, finding in found) == [("note", x) for x in expected]
    assert findings("APP011", base(), config=config, profile=JUPYTERLAB) == []


def test_ports_of_the_newer_studio_are_its_own() -> None:
    config = {"ExposedPorts": {"8888/tcp": {}}, "Env": ["PORT=8888"], **shell_form(f"jupyter lab {OPTIONS}")}
    for profile in (JUPYTERLAB, CODE_EDITOR, UNIFIED):
        assert findings("APP010", base(), config=config, profile=profile) == []
        health = {"Healthcheck": {"Test": ["CMD", "curl", "http://localhost:8888/"]}}
        assert [severity for severity, _ in findings("APP010", base(), config=health, profile=profile)] == ["note"]


@pytest.mark.parametrize(("entry", "severity"), [("/entry.sh", "warning"), ("/usr/local/bin/_entrypoint.sh", None)])
def test_entry_points_in_unified_studio(entry: str, severity: str | None) -> None:
    found = findings("APP005", base(), config={"Entrypoint": [entry]}, profile=UNIFIED)
    assert [severity for severity, _ in found] == ([severity] if severity else [])
    assert all("Unified Studio" in finding.message for _, finding in found)
    ((_, finding),) = findings("APP005", base(), config={"Entrypoint": [entry]})
    assert "KernelGateway" in finding.message


@pytest.mark.parametrize(
    ("library", "version"), [("libc-2.26.so", "2.26"), ("libc-2.28.so", None), ("libc-2.31.so", None), (None, None)]
)
def test_remote_access_needs_a_current_glibc(library: str | None, version: str | None) -> None:
    items = [*base(), *(program(f"usr/bin/{name}") for name in ("curl", "unzip", "tar", "gzip"))]
    if library is not None:
        items += [program(f"lib64/{library}"), symlink("lib64/libc.so.6", library)]
    found = findings("APP009", items, config=exec_form("x"), profile=JUPYTERLAB)
    assert [finding.data["glibc"] for _, finding in found] == ([] if version is None else [version])


def test_another_server_of_vs_code_is_undecided() -> None:
    config = exec_form("/opt/openvscode-server", "--port", "8888")
    assert causes("APP003", [*base(), program("opt/openvscode-server")], config, CODE_EDITOR) == [
        ("undecided", "unknown")
    ]
    assert causes("APP003", base(), config, CODE_EDITOR) == [("error", "editor-missing")]


@pytest.mark.parametrize(
    ("items", "path", "hint"),
    [
        (
            [program("opt/venv/bin/jupyter", b"#!/opt/venv/bin/python\n")],
            "/opt/venv/bin",
            "Install /opt/venv/bin/python",
        ),
        ([program("opt/venv/bin/jupyter", mode=0o644)], "/opt/venv/bin", "RUN chmod a+rx /opt/venv/bin/jupyter"),
        ([directory("opt/x", mode=0o700), program("opt/x/jupyter")], "/opt/x", "RUN chmod a+rx /opt/x"),
        ([program("opt/jupyter", b"#!/bin/sh\r\nx\n")], "/opt", 'RUN sed -i "s/\\r$//" /opt/jupyter'),
        ([program("opt/jupyter", b"")], "/opt", "Copy /opt/jupyter again"),
        ([program("opt/jupyter", b"x")], "/opt", "Begin /opt/jupyter with"),
        ([], "/opt", "Install jupyter, or add its directory to PATH"),
        (
            [
                directory("root", mode=0o700),
                program("root/.local/share/uv/python/cpython-3.12/bin/python3.12"),
                symlink("opt/venv/bin/python", "/root/.local/share/uv/python/cpython-3.12/bin/python3.12"),
                program("opt/venv/bin/jupyter", b"#!/opt/venv/bin/python\n"),
            ],
            "/opt/venv/bin",
            "UV_PYTHON_INSTALL_DIR=/opt/uv",
        ),
    ],
)
def test_the_cure_fits_what_is_wrong_with_the_program(items: list[Item], path: str, hint: str) -> None:
    config = exec_form("jupyter", "lab") | {"Env": [f"PATH={path}:/bin"], "User": "1000"}
    ((_, finding),) = findings("APP002", [*base(), *items], config=config, profile=JUPYTERLAB)
    assert finding.data["cause"] == "program-missing"
    assert hint in (finding.hint or "")
