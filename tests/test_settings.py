"""Settings: where they are looked for, which of several counts, and what each key may say."""

import os
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from _sites import fresh

from plugframe import Host
from plugframe.policy.settings import files, places
from plugframe.policy.settings.keys import KEYS, read_day
from plugframe.policy.settings.reading import read_settings
from plugframe.policy.settings.values import Settings, spelling


def write(path: Path, text: str) -> str:
    """Write a file and the folders above it, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return os.fspath(path)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work two folders below a project's."""
    folder = tmp_path / "project"
    (folder / "src" / "deep").mkdir(parents=True)
    monkeypatch.chdir(folder / "src" / "deep")
    monkeypatch.delenv("PLUGFRAME_PROJECT")
    return folder


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Return the folder of an environment."""
    (tmp_path / "environment").mkdir()
    return tmp_path / "environment"


def said(settings: Settings, *names: str) -> list[tuple[str, bool, str]]:
    """Return what is said about something, what counts first: name, whether it is enabled, scope."""
    rulings = settings.rulings(*map(spelling, names))
    return [(ruling.name, ruling.enabled, ruling.source.scope) for ruling in rulings]


def test_without_any_settings_nothing_is_said(tmp_path: Path) -> None:
    settings = read_settings("myapp", prefix=os.fspath(tmp_path))
    assert settings.says_nothing
    assert (settings.mode, settings.required, settings.problems, settings.safe_mode) == ("open", (), (), "")
    assert settings.find("mode") is None
    assert settings.path("lock") is None


def test_the_nearest_place_counts(
    project: Path, prefix: Path, settings_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables come before the project, the project before the user, then the environment, last the application."""
    given = {"mode": "open", "disable": ["x"]}
    expected = ["host"]

    def check() -> None:
        settings = read_settings("myapp", prefix=os.fspath(prefix), given=given)
        assert settings.problems == ()
        found = settings.find("mode")
        assert found is not None
        assert (settings.mode, found[1].scope) == (modes[expected[0]], expected[0])
        assert [scope for _, _, scope in said(settings, "x")] == expected

    modes = {"host": "open", "environment": "direct", "user": "locked", "project": "allow-list", "variables": "open"}
    check()
    write(prefix / "plugframe.toml", "mode = 'direct'\ndisable = ['x']")
    expected.insert(0, "environment")
    check()
    write(Path(settings_folder) / "plugframe.toml", "mode = 'locked'\ndisable = ['x']")
    expected.insert(0, "user")
    check()
    write(project / "pyproject.toml", "[tool.plugframe]\nmode = 'allow-list'\ndisable = ['x']")
    expected.insert(0, "project")
    check()
    monkeypatch.setenv("PLUGFRAME_MODE", "open")
    monkeypatch.setenv("PLUGFRAME_DISABLE", "x, y")
    expected.insert(0, "variables")
    check()


def test_what_is_said_of_one_host_counts_before_what_is_said_of_all(project: Path) -> None:
    write(
        project / "plugframe.toml",
        """
        mode = "direct"
        disable = {x = "of all"}

        [hosts.my-app]
        mode = "locked"
        enable = ["x"]

        [hosts.other]
        mode = "allow-list"
        """,
    )
    assert read_settings("my_app").mode == "locked"
    assert read_settings("third").mode == "direct"
    assert said(read_settings("my_app"), "x") == [("x", True, "project"), ("x", False, "project")]
    assert said(read_settings("third"), "x") == [("x", False, "project")]


def test_the_nearest_folder_with_settings_is_the_projects(project: Path) -> None:
    write(project / "plugframe.toml", "mode = 'locked'")
    write(project / "src" / "pyproject.toml", "[project]\nname = 'x'\ndependencies = ['plugframe==1']\n")
    assert read_settings("myapp").mode == "locked"
    write(project / "src" / "pyproject.toml", "[tool]\nplugframe.mode = 'direct'")
    assert read_settings("myapp").mode == "direct"
    write(project / "src" / "plugframe.toml", "mode = 'allow-list'")
    assert read_settings("myapp").mode == "allow-list"
    write(project / "src" / "plugframe.decisions.toml", "disable = ['x']")
    assert said(read_settings("myapp"), "x") == [("x", False, "project")]
    assert read_settings("myapp").mode == "allow-list"


def test_the_projects_folder_can_be_named_and_switched_off(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project / "plugframe.toml", "mode = 'locked'")
    write(tmp_path / "elsewhere" / "plugframe.toml", "mode = 'direct'")
    monkeypatch.setenv("PLUGFRAME_PROJECT", os.fspath(tmp_path / "elsewhere"))
    assert read_settings("myapp").mode == "direct"
    monkeypatch.setenv("PLUGFRAME_PROJECT", "off")
    assert read_settings("myapp").says_nothing
    monkeypatch.setenv("PLUGFRAME_PROJECT", os.fspath(tmp_path / "nowhere"))
    (problem,) = read_settings("myapp").problems
    assert "PLUGFRAME_PROJECT cannot be used: there is no folder" in str(problem)


def test_a_working_directory_that_is_gone_has_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLUGFRAME_PROJECT")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert read_settings("myapp").says_nothing
    monkeypatch.chdir(tmp_path)


ENABLED = ("x", True, "variables")


@pytest.mark.parametrize(
    ("variables", "mode", "rulings"),
    [
        ({"PLUGFRAME_MODE": "direct"}, "direct", []),
        ({"PLUGFRAME_MODE": "direct,myapp/locked"}, "locked", []),
        ({"PLUGFRAME_MODE": "other/locked"}, "open", []),
        ({"PLUGFRAME_MODE": " "}, "open", []),
        ({"PLUGFRAME_DISABLE": "x"}, "open", [("x", False, "variables")]),
        ({"PLUGFRAME_DISABLE": "MyApp/x,,other/y"}, "open", [("x", False, "variables")]),
        ({"PLUGFRAME_DISABLE": "x", "PLUGFRAME_ENABLE": "myapp/x"}, "open", [ENABLED, ("x", False, "variables")]),
    ],
)
def test_variables_speak_of_all_hosts_or_of_one(
    variables: Mapping[str, str], mode: str, rulings: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = read_settings("myapp")
    assert (settings.mode, said(settings, "x", "y"), settings.problems) == (mode, rulings, ())


def test_a_process_with_anothers_rights_is_told_by_the_environment_alone(
    project: Path, prefix: Path, settings_folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project / "plugframe.toml", "mode = 'open'")
    write(Path(settings_folder) / "plugframe.toml", "mode = 'open'")
    write(prefix / "plugframe.toml", "mode = 'locked'")
    monkeypatch.setenv("PLUGFRAME_MODE", "open")
    monkeypatch.setattr(places, "is_privileged", lambda: True)
    assert read_settings("myapp", prefix=os.fspath(prefix)).mode == "locked"


def test_all_about_one_name_is_told(project: Path) -> None:
    write(
        project / "plugframe.toml",
        """
        [disable]
        Acme-Vision = {reason = "it is\\tslow", until = 2030-01-31, since = 2020-01-01, by = "me"}
        other = "a reason alone"
        """,
    )
    ruling, *_ = read_settings("myapp").rulings("acme_vision")
    assert ruling.told == f"it is slow (by me in {project}/plugframe.toml (project) since 2020-01-01 until 2030-01-31)"
    assert str(ruling) == f"disabled: {ruling.told}"
    assert [ruling.has_ended(day) for day in ("2030-01-30", "2030-01-31", "2031-01-01")] == [False, True, True]
    other, *_ = read_settings("myapp").rulings("other")
    assert other.told == f"a reason alone (in {project}/plugframe.toml (project))"
    assert not other.has_ended("9999-12-31")


def test_files_that_settings_name_are_beside_them(project: Path) -> None:
    write(project / "plugframe.toml", "lock = 'locks/plugframe.lock'")
    assert read_settings("myapp").path("lock") == os.fspath(project / "locks" / "plugframe.lock")
    write(project / "plugframe.toml", "lock = '/absolute.lock'")
    assert read_settings("myapp").path("lock") == "/absolute.lock"
    assert read_settings("myapp", given={"lock": "x.lock"}).names("allow") == ()


def test_required_plugins_of_all_places_come_together(project: Path) -> None:
    write(project / "plugframe.toml", "require = ['b', 'a']\nhosts.myapp.require = ['c']")
    assert read_settings("myapp", required=("a", "d")).required == ("a", "d", "c", "b")


GOOD: dict[str, list[object]] = {
    "allow": [["x", "acme:y"], []],
    "allow-editable": [True, ["x"]],
    "disable": [["x"], {"x": "why", "y": {"reason": "why", "until": "2030-01-01"}}, {"x": {}}],
    "enable": [["x"], {"x": {}}],
    "lock": ["plugframe.lock"],
    "mode": ["open", "direct", "allow-list", "locked"],
    "override-incompatible": [["x"]],
    "quarantine": [True, False],
    "require": [["x"]],
}
BAD: dict[str, list[object]] = {
    "allow": ["x", 1, [1], [""], ["x\0"], {"x": 1}, ["a\nb"], ["x" * 301]],
    "allow-editable": ["yes", 1, [None]],
    "disable": ["x", 3, [None], {"x": 1}, {"x": {"untill": "2030-01-01"}}, {"x": {"until": "tomorrow"}}, {"": "why"}],
    "enable": [True, {"x": 1}],
    "lock": ["", 1, "a\0b", []],
    "mode": ["opne", True, None, ["open"], {}],
    "override-incompatible": ["x"],
    "quarantine": ["off", 0, None],
    "require": ["x", [[]]],
}


def test_every_key_is_tried() -> None:
    assert set(GOOD) == set(BAD) == set(KEYS)


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, several in GOOD.items() for value in several])
def test_what_a_key_takes_is_taken(key: str, value: object) -> None:
    settings = read_settings("myapp", given={key: value})
    assert settings.problems == ()
    assert settings.find(key) is not None


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, several in BAD.items() for value in several])
def test_what_a_key_does_not_take_is_a_problem_that_names_the_key(key: str, value: object) -> None:
    settings = read_settings("myapp", given={key: value})
    (problem,) = settings.problems
    assert problem.reason.startswith(f"{key}: ")
    assert settings.layers == ()
    assert len(str(problem)) < 300
    assert str(problem).isprintable()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"disabel": ["x"]}, "it has a key 'disabel' that nothing reads; did you mean disable?"),
        ({"quux": 1}, "there are allow, "),
        ({"hosts": 3}, "hosts is no table"),
        ({"hosts": {"myapp": []}}, "hosts.myapp is no table"),
        ({"hosts": {"MyApp": {"quux": 1}}}, "'quux'"),
        ({"hosts": {"myapp": {"hosts": {}}}}, "'hosts'"),
        ({"enable": ["Acme.X"], "disable": ["acme-x"]}, "'acme_x' is enabled and disabled at once"),
    ],
)
def test_what_cannot_be_meant_is_a_problem(table: dict[str, object], told: str) -> None:
    (problem,) = read_settings("myapp", given=table).problems
    assert told in problem.reason


def test_what_is_wrong_with_another_host_is_no_problem_of_this_one(project: Path) -> None:
    write(project / "plugframe.toml", "[hosts.other]\nquux = 1\n[hosts.myapp]\nmode = 'direct'")
    settings = read_settings("myapp")
    assert (settings.mode, settings.problems) == ("direct", ())
    assert len(read_settings("other").problems) == 1


def test_an_application_ships_a_table_or_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "shipped.toml", "mode = 'direct'")
    assert read_settings("myapp", given=path).mode == "direct"
    assert read_settings("myapp", given=Path(path)).mode == "direct"
    (problem,) = read_settings("myapp", given=tmp_path / "none.toml").problems
    assert "there is no such file" in str(problem)


@pytest.mark.parametrize(
    ("line", "mentioned"),
    [
        ('dependencies = ["plugframe>=1", "x"]', False),
        ('  "plugframe==1.0",', False),
        ('name = "plugframe"', False),
        ("# [tool.plugframe]", False),
        ("[tool.plugframe]", True),
        ("[ tool . plugframe ]", True),
        ('["tool"."plugframe".hosts.myapp]', True),
        ("plugframe.mode = 'open'", True),
        ("tool.plugframe.mode = 'open'", True),
        ("tool = {plugframe = {mode = 'open'}}", True),
        ("\ufeff[tool.plugframe]", True),
    ],
)
def test_a_project_file_is_parsed_only_where_it_may_have_settings(line: str, mentioned: bool) -> None:  # noqa: FBT001 # a parameter
    assert files.mentions(f"[x]\n{line}\ny = 1".encode()) is mentioned


def test_days_are_days() -> None:
    assert read_day("2028-02-29") == "2028-02-29"
    for text in ("2027-02-29", "2027-1-1", "20270101", "", "2027-01-01T00:00"):
        with pytest.raises(ValueError, match="a day such as 2026-12-31 is wanted"):
            read_day(text)


def test_names_cost_no_look_at_settings_and_records_no_parser_where_there_is_no_file(
    project: Path, tmp_path: Path
) -> None:
    told = fresh(
        f"""
        import os, sys
        os.chdir({os.fspath(project)!r})
        import plugframe
        host = plugframe.Host("myapp", path=[{os.fspath(tmp_path)!r}], required=[])
        list(host.plugins)
        print("plugframe.policy.settings.reading" in sys.modules)
        host.plugins.everything()
        heavy = {{"tomllib", "re", "json", "datetime", "platformdirs", "packaging", "click"}}
        print("plugframe.policy.settings.reading" in sys.modules, sorted(heavy & set(sys.modules)))
        """
    )
    assert told == "False\nTrue []\n"


def test_a_host_takes_lists_for_what_it_requires() -> None:
    with pytest.raises(TypeError, match="path and required are lists"):
        Host("myapp", required="vision")
