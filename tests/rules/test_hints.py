"""What hints propose: lines of a Dockerfile with the paths of this image. `make truth ARGS=--cure` tries them out."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ocianalyze.rules.dockerfile import exec_form, quoted
from ocianalyze.rules.engine import run
from ocianalyze.rules.profiles import CLASSIC, CODE_EDITOR, JUPYTERLAB
from tests.rules.subjects import (
    ELF,
    IPYKERNEL,
    base,
    findings,
    good,
    kernel,
    make_subject,
    program,
    python,
)
from tests.rules.test_apps import exec_form as in_exec_form
from tests.rules.test_apps import jupyter_image, lab, shell_form
from tests.support.tarballs import Item, directory, file, symlink, whiteout

USUAL = (
    '"--ip=0.0.0.0", "--port=8888", "--ServerApp.base_url=/jupyterlab/default", "--ServerApp.token=", '
    '"--ServerApp.allow_origin=*"'
)
RIGHT = "jupyter lab --ip=0.0.0.0 --ServerApp.base_url=/jupyterlab/default --ServerApp.token="
SITE = "usr/local/lib/python3.11/site-packages"
KERNELS = "usr/local/share/jupyter/kernels"
APT = program("usr/bin/apt-get")


def hints(
    rule: str,
    *layers: Sequence[Item],
    profile: str = JUPYTERLAB,
    config: Mapping[str, Any] | None = None,
    app_image_config: Mapping[str, Any] | None = None,
) -> set[str]:
    stated = config or shell_form(RIGHT)
    found = findings(rule, *layers, profile=profile, config=stated, app_image_config=app_image_config)
    return {finding.hint or "" for _, finding in found}


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (shell_form("jupyter lab"), f'\'CMD ["jupyter", "lab", {USUAL}]\''),
        (shell_form(f"{RIGHT} --port 80 --no-browser"), f'\'CMD ["jupyter", "lab", "--no-browser", {USUAL}]\''),
        (shell_form(f"{RIGHT} --port=80 --port=8888"), f'\'CMD ["jupyter", "lab", {USUAL}]\''),
        (shell_form(f"{RIGHT} --certfile /a.pem"), f'\'CMD ["jupyter", "lab", {USUAL}]\''),
        ({"Entrypoint": ["/bin/sh", "-c", "jupyter lab"]}, f"'ENTRYPOINT []', 'CMD [\"jupyter\", \"lab\", {USUAL}]'"),
        ({"Entrypoint": ["jupyter"], "Cmd": ["lab"]}, f"'CMD [\"lab\", {USUAL}]'"),
        (in_exec_form("jupyter", "lab", "--ip=it's"), f'\'CMD ["jupyter", "lab", {USUAL}]\''),
    ],
)
def test_the_command_with_the_right_options(config: dict[str, Any], line: str) -> None:
    found = hints("APP002", jupyter_image(), config=config)
    assert found
    assert all(hint.endswith(line) for hint in found), found


def test_a_setting_in_a_file_is_overridden_in_the_command() -> None:
    text = b"c.ServerApp.certfile = '/a.pem'\nc.PasswordIdentityProvider.hashed_password = 'x'"
    settings = file("etc/jupyter/jupyter_server_config.py", text)
    found = findings("APP002", jupyter_image(), [settings], profile=JUPYTERLAB, config=shell_form(RIGHT))
    errors = [finding for severity, finding in found if severity == "error"]
    assert {finding.data["cause"] for finding in errors} == {"https", "password"}
    for finding in errors:
        assert (finding.layer, finding.path) == (1, "/etc/jupyter/jupyter_server_config.py")
        assert '"--ServerApp.certfile="' in (finding.hint or "")
        assert '"--PasswordIdentityProvider.hashed_password="' in (finding.hint or "")


def test_an_empty_password_under_its_old_name_sets_nothing() -> None:
    settings = file("etc/jupyter/jupyter_server_config.py", b"c.PasswordIdentityProvider.hashed_password = 'x'")
    config = shell_form(f"{RIGHT} --ServerApp.password=")
    found = findings("APP002", [*jupyter_image(), settings], profile=JUPYTERLAB, config=config)
    assert ("error", "password") in [(severity, finding.data["cause"]) for severity, finding in found]


def test_no_command_is_proposed_that_does_not_lead_to_a_server() -> None:
    assert hints("APP002", base(), config=in_exec_form("jupyter", "lab")) == {
        "Install jupyter, or add its directory to PATH"
    }
    container = {"ContainerConfig": {"ContainerEntrypoint": ["jupyter"], "ContainerArguments": ["lab"]}}
    registered = {"AppImageConfigName": "a", "JupyterLabAppImageConfig": container}
    assert not any("CMD" in hint for hint in hints("APP002", jupyter_image(), app_image_config=registered))


def test_a_server_without_its_program_is_started_as_a_module() -> None:
    ((_, finding),) = findings(
        "APP002", jupyter_image(), [whiteout("usr/local/bin/jupyter")], profile=JUPYTERLAB, config=shell_form(RIGHT)
    )
    assert '\'CMD ["/usr/local/bin/python3", "-m", "jupyterlab", ' in (finding.hint or "")
    assert finding.layer == 1


def test_directories_are_left_out() -> None:
    for option in ("--ServerApp.root_dir=/home/sagemaker-user/work", "/none/a.ipynb"):
        (hint,) = hints("APP012", jupyter_image(), config=shell_form(f"{RIGHT} {option}"))
        assert hint.endswith(f'\'CMD ["jupyter", "lab", {USUAL}]\'')


def test_code_editor_with_the_right_options() -> None:
    image = [*base(), program("usr/bin/sagemaker-code-editor", b"#!/bin/sh\n")]
    options = '"--host=0.0.0.0", "--port=8888", "--without-connection-token", "--base-path=/CodeEditor/default"'
    line = f"'CMD [\"sagemaker-code-editor\", {options}]'"
    for command in ("sagemaker-code-editor --connection-token x", "jupyter lab"):
        found = hints("APP003", image, profile=CODE_EDITOR, config=shell_form(command))
        assert found
        assert all(hint.endswith(line) for hint in found)
    (hint,) = hints(
        "APP004", image, profile=CODE_EDITOR, config={"Cmd": []}, app_image_config={"AppImageConfigName": "a"}
    )
    assert hint.endswith(line)


@pytest.mark.parametrize(
    ("items", "command", "line"),
    [
        ([program("opt/x/bin/tool")], "tool", "'ENV PATH=/opt/x/bin:$PATH'"),
        ([APT], "tini", "'RUN apt-get update && apt-get install --yes --no-install-recommends tini'"),
        ([], "tini", "Install tini, or add its directory to PATH"),
        ([program("opt/a", b"#!/usr/bin/zsh\n"), APT], "/opt/a", "--no-install-recommends zsh'"),
        ([program("opt/a", b"exec jupyter lab\n")], "/opt/a", "'RUN sed -i \"1i #!/bin/sh\" /opt/a'"),
        ([program("opt/a.py", b"print()\n")], "/opt/a.py", "Begin /opt/a.py with a line such as"),
        ([program("opt/a", b"#!/bin/sh\r\n")], "/opt/a", "'RUN sed -i \"s/\\r$//\" /opt/a'"),
        (
            [program("opt/python3.11"), symlink("opt/python3", "python3.12")],
            "/opt/python3",
            "'RUN ln -sf python3.11 /opt/python3'",
        ),
        ([symlink("opt/python3", "python3.12")], "/opt/python3", "Copy /opt/python3.12"),
    ],
)
def test_programs(items: list[Item], command: str, line: str) -> None:
    (hint,) = hints("APP002", [*base(), *items], config=in_exec_form(command, "lab"))
    assert line in hint


def test_a_shell_is_linked_without_a_shell() -> None:
    ((_, finding),) = findings("RTM001", base(), [whiteout("bin/sh")])
    assert '\'RUN ["ln", "-sf", "bash", "/bin/sh"]\'' in (finding.hint or "")
    assert finding.layer == 1


def test_what_a_package_brought_is_installed_again() -> None:
    image = [*base(), *lab(), APT, program("usr/bin/tini")]
    config = in_exec_form("tini", "--", *RIGHT.split())
    ((_, finding),) = findings("APP002", image, [whiteout("usr/bin/tini")], profile=JUPYTERLAB, config=config)
    assert "--reinstall tini'" in (finding.hint or "")
    assert finding.layer == 1
    image = [*base(), *python(), APT, kernel(f"{KERNELS}/python3")]
    ((_, finding),) = findings("KRN005", image, [whiteout("usr/bin/python3.11")])
    assert "--reinstall python3.11-minimal'" in (finding.hint or "")


def test_what_was_removed_and_comes_from_nowhere() -> None:
    image = [*base(), *python("opt/x"), kernel(f"{KERNELS}/python3", ("/opt/x/bin/python3.11", *IPYKERNEL))]
    ((_, finding),) = findings("KRN005", image, [whiteout("opt/x/bin/python3.11")], [directory("opt")])
    assert (finding.hint or "").startswith("Change the step that removes /opt/x/bin/python3.11")
    assert finding.layer == 1


def test_sudo_comes_with_its_permission() -> None:
    script = program("opt/start", b'#!/bin/sh\nset -e\nsudo true\nexec "$@"\n')
    config = {"Entrypoint": ["/opt/start"], "Cmd": RIGHT.split()}
    (hint,) = hints("APP002", [*jupyter_image(), script, APT], config=config)
    assert 'sudo && echo "sagemaker-user ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/studio' in hint


def test_python_packages() -> None:
    managed, pip = file("usr/lib/python3.11/EXTERNALLY-MANAGED"), file("usr/lib/python3.11/site-packages/pip.py")
    image = [*base(), *python(ipykernel=False), kernel(f"{KERNELS}/python3")]
    assert "'RUN /usr/bin/python3 -m pip install ipykernel'" in hints("KRN007", [*image, pip]).pop()
    breaking = "/usr/bin/python3 -m pip install --break-system-packages ipykernel'"
    assert f"'RUN {breaking}" in hints("KRN007", [*image, pip, managed]).pop()
    assert f"--no-install-recommends python3-pip && {breaking}" in hints("KRN007", [*image, managed, APT]).pop()


def test_another_python_of_the_image_runs_the_kernel() -> None:
    spec = kernel(f"{KERNELS}/python3", ("/opt/none/python", *IPYKERNEL))
    (hint,) = hints("KRN005", [*base(), *python("usr/local"), spec])
    place = f"/{KERNELS}/python3/kernel.json"
    assert rf'RUN sed -i "s|\"/opt/none/python\"|\"/usr/local/bin/python3\"|" {place}' in hint


def test_kernels_are_registered_where_they_are_searched() -> None:
    ((_, finding),) = findings("KRN001", good(), [whiteout(f"{KERNELS}/python3/kernel.json")])
    step = "'RUN /usr/local/bin/python3 -m ipykernel install --prefix /usr/local --name python3'"
    assert step in (finding.hint or "")
    assert finding.layer == 1


def test_a_link_into_a_hidden_directory() -> None:
    home = "home/sagemaker-user/packages"
    items = [file(f"{home}/{name}/__init__.py") for name in ("jupyterlab", "ipykernel")]
    items += [file(f"{home}/ipykernel_launcher.py"), symlink(SITE, f"/{home}")]
    prefix = [program("usr/local/bin/python3.11"), symlink("usr/local/bin/python3", "python3.11")]
    spec = kernel(f"{KERNELS}/python3", ("/usr/local/bin/python3", *IPYKERNEL))
    image = [*base(), *prefix, file("usr/local/lib/python3.11/os.py"), *items, spec]
    assert f"'RUN rm /{SITE} && mv /{home} /{SITE}'" in hints("KRN007", image).pop()


def test_a_hidden_program_is_copied() -> None:
    script = program("home/sagemaker-user/start.sh", b'#!/bin/sh\nexec "$@"\n')
    config = {"Entrypoint": ["/home/sagemaker-user/start.sh"], "Cmd": RIGHT.split()}
    (hint,) = hints("FSR005", [*jupyter_image(), script], config=config)
    assert "cp -p /home/sagemaker-user/start.sh /usr/local/bin/start.sh'" in hint
    assert '\'ENTRYPOINT ["/usr/local/bin/start.sh", "jupyter", ' in hint


def test_all_that_is_closed_below_is_opened() -> None:
    closed = [directory(SITE, mode=0o700), file(f"{SITE}/ipykernel_launcher.py", mode=0o600)]
    assert f"'RUN chmod -R a+rX /{SITE}'" in hints("USR006", good(), closed, profile=CLASSIC).pop()
    assert f"'RUN chmod a+rx /{SITE}'" in hints("USR006", good(), closed[:1], profile=CLASSIC).pop()


def test_homes_of_other_users() -> None:
    for user, line in (("4242", "'USER 1000'"), ("1000:0", "'ENV HOME=/home/sagemaker-user'")):
        config = {**shell_form(RIGHT), "User": user, "Env": ["HOME=/none"]}
        (hint,) = hints("APP012", jupyter_image(), config=config)
        assert line in hint
    closed = directory("home", mode=0o700)
    (hint,) = hints("APP012", jupyter_image(), [closed])
    assert "'RUN chmod a+rx /home'" in hint


@pytest.mark.parametrize(
    ("passwd", "user", "line"),
    [
        (None, "jovyan", "'USER 1000'"),
        (None, "1000:studio", "'USER 1000'"),
        ("root:x:0:0::/root:/bin/sh\n", "jovyan", "--gid 100 --uid 1000 jovyan', 'USER jovyan'"),
        ("", "jovyan", "'USER 1000:100', 'ENV HOME=/home/sagemaker-user'"),
    ],
)
def test_users_that_are_unknown(passwd: str | None, user: str, line: str) -> None:
    accounts = [] if passwd is None else [file("etc/passwd", passwd.encode())]
    (hint,) = hints("USR003", base(), accounts, config={"User": user})
    assert line in hint


def test_the_step_that_closed_a_directory_is_to_blame() -> None:
    closed = directory(KERNELS, mode=0o700)
    found = findings("USR006", good(), [closed], [closed, file(f"{KERNELS}/a")])
    assert {finding.layer for _, finding in found} == {1}
    found = findings("RTM004", base(), [directory("tmp", mode=0o755)], [directory("tmp", mode=0o755)])
    assert [finding.layer for _, finding in found] == [1]


def test_the_step_that_removed_a_program_is_to_blame() -> None:
    image, gone = [*base(), program("usr/bin/sagemaker-code-editor")], [whiteout("usr/bin/sagemaker-code-editor")]
    config = shell_form("sagemaker-code-editor")
    ((_, finding),) = findings("APP003", image, gone, [file("a")], profile=CODE_EDITOR, config=config)
    assert finding.layer == 1
    gone = [whiteout(f"{SITE}/jupyterlab"), whiteout(f"{SITE}/jupyterlab-4.2.5.dist-info")]
    ((_, finding),) = findings("APP001", jupyter_image(), gone, profile=JUPYTERLAB, config=shell_form(RIGHT))
    assert finding.layer == 1


def test_the_step_that_led_into_a_hidden_directory_is_to_blame() -> None:
    image = [*base(), *lab("4.2.5", "home/sagemaker-user/env")]
    config = in_exec_form("/opt/env/bin/jupyter", *RIGHT.split()[1:])
    link = symlink("opt/env", "/home/sagemaker-user/env")
    found = findings("FSR005", image, [file("a")], [link], profile=JUPYTERLAB, config=config)
    assert {finding.layer for _, finding in found} == {2}


def test_a_virtual_environment_whose_python_was_removed() -> None:
    environment = [
        file("opt/venv/pyvenv.cfg", b"home = /opt/py/bin\n"),
        program("opt/venv/bin/python3", ELF),
        file("opt/py/bin/python3", ELF),
    ]
    spec = kernel(f"{KERNELS}/python3", ("/opt/venv/bin/python3", *IPYKERNEL))
    found = findings("KRN005", [*base(), *environment, spec], [whiteout("opt/py")])
    assert [(finding.data["problem"], finding.layer) for _, finding in found] == [("home-missing", 1)]


def test_words_of_a_shell() -> None:
    assert quoted("/usr/bin/python3") == "/usr/bin/python3"
    assert quoted('/a b/$(c)`"\\') == '"/a b/\\$(c)\\`\\"\\\\"'
    assert exec_form(["it's"]) == '["it\\u0027s"]'


def test_a_program_that_two_apps_need_is_found_wrong_for_each() -> None:
    image = [*base(), program("usr/bin/sagemaker-code-editor", mode=0o644)]
    config = shell_form("sagemaker-code-editor --host 0.0.0.0")
    subject = make_subject(image, config=config)
    (judgement,) = [item for item in run(subject, [CODE_EDITOR]).judgements if item.rule.id == "APP003"]
    assert judgement.cause is None


def test_kernels_of_a_server_that_is_out_of_reach_are_its_consequence() -> None:
    image = [*base(), *python(), *lab("4.2.5", "opt/x"), kernel("opt/x/share/jupyter/kernels/python3")]
    config = {**shell_form(RIGHT), "Env": ["PATH=/opt/x/bin:/usr/bin:/bin"]}
    subject = make_subject(image, [directory("opt/x", mode=0o700)], config=config)
    found = {item.rule.id: item for item in run(subject, [JUPYTERLAB]).judgements}
    assert found["KRN001"].cause is not None
    assert found["KRN001"].cause.rule.id == "APP002"
