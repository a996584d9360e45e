"""Operations of a host: declared, called, answered by backends of plugins, listed and explained."""

import asyncio
import copy
import gc
import inspect
import pickle
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _sites import Site, fresh, plugin, site_at, together

import plugframe
from plugframe import Decline, Host, Verdict
from plugframe.errors import (
    AnnotationError,
    BackendNotFoundError,
    ImplementationMismatchError,
    LateDeclineError,
    NoImplementationError,
    NotRegisteredError,
    OperationSettingError,
    PlugframeWarning,
    PluginImportError,
    RegistrationError,
)
from plugframe.operations.resolution.contexts import ResolvedCall
from plugframe.policy.groups import RESERVED


@pytest.fixture
def host() -> Host:
    """Return a host without plugins."""
    return Host("myapp", path=[])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site with the application."""
    with site_at(tmp_path / "site") as made:
        yield made


def declare(host: Host, name: str = "image.resize", **options: Any) -> Any:
    """Declare an operation that says who answered."""

    @host.operation(name, **options)
    def resize(image: list[int], width: int = 2, *, smooth: bool = False) -> str:
        """Resize an image."""
        return f"default {width} {smooth}"

    return resize


def answer(who: str) -> Callable[..., str]:
    """Return an implementation that says who it is."""

    def resize(image: list[int], width: int = 9, *, smooth: bool = True) -> str:
        return f"{who} {width} {smooth}"

    return resize


def test_declared_operation_is_the_live_function_and_an_attribute(host: Host) -> None:
    resize = declare(host)
    assert host.ops.image.resize is resize is host.ops.get("image.resize")
    assert resize([]) == "default 2 False"
    assert resize([], 5) == resize(image=[], width=5) == "default 5 False"
    assert resize([], smooth=True) == "default 2 True"
    assert (resize.__name__, resize.__doc__) == ("resize", "Resize an image.")
    assert str(inspect.signature(resize)) == "(image: list[int], width: int = 2, *, smooth: bool = False) -> str"
    for wrong in (
        resize,
        lambda *args: resize([], *args, 1, 2),
        lambda: resize([], depth=3),
        lambda: resize([], 1, True),
    ):
        with pytest.raises(TypeError, match=r"resize\(\)"):
            wrong()


def test_call_that_names_a_backend_that_has_gone_is_told_so(host: Host) -> None:
    resize = declare(host)
    with resize.backend("acme", answer("acme")):
        named = resize.using("acme")
        assert named([]) == "acme 2 False"
    with pytest.raises(BackendNotFoundError, match=r"'image\.resize' has no backend named 'acme'"):
        named([])


def test_call_that_a_backend_answers_passes_the_defaults_of_the_declaration(host: Host) -> None:
    resize = declare(host)
    resize.backend("acme", answer("acme"))
    for _ in range(3):
        assert resize([]) == "acme 2 False"
        assert resize.using("default")([]) == "default 2 False"
        assert resize.using("acme")([], 3, smooth=True) == "acme 3 True"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("resize", "no dotted name of 2"), ("image.", "no dotted name"), ("image.def", "keyword"),
        ("prefer.it", "method"),
        ("image._resize", "no dotted name"), (5, "no dotted name"), ("image.resize", "declared already"),
        ("image.resize.fast", "'image.resize' is one"), ("image", "no dotted name of 2"), ("deep.image", "namespace"),
    ],
)  # fmt: skip
def test_name_that_cannot_be_an_operations_is_refused(host: Host, name: Any, told: str) -> None:
    declare(host)
    declare(host, "deep.image.resize")
    with pytest.raises(RegistrationError, match=told):
        declare(host, name)
    assert list(host.ops) == ["deep.image.resize", "image.resize"]


async def coroutine(image: object) -> None:
    """Be what is never called plainly."""


def unknown_type(image: "Imagee") -> None:  # type: ignore[name-defined] # noqa: F821 # on purpose
    """Have a parameter of a type that there is not."""


Image = list


@pytest.mark.parametrize(
    ("function", "told"),
    [(5, "by a function"), (int, "by a function"), (coroutine, "coroutine"), (unknown_type, "did you mean 'Image'")],
)
def test_what_cannot_declare_an_operation_is_refused(host: Host, function: Any, told: str) -> None:
    with pytest.raises(RegistrationError, match=told):
        host.operation("image.resize")(function)
    assert list(host.ops) == []


def test_unknown_type_names_of_overloads_and_backends_get_near_matches(host: Host) -> None:
    show = host.operation("image.show")(lambda image: None)
    for register in (show.overload, lambda function: show.backend("acme", function), show.fake):
        with pytest.raises(AnnotationError) as caught:
            register(unknown_type)
        assert "Image" in caught.value.near
        assert "'image'" in str(caught.value)


def test_options_that_are_none_are_refused(host: Host) -> None:
    with pytest.raises(
        RegistrationError, match=r"mutates names 'imag', which is no parameter of it; did you mean 'image'"
    ):
        declare(host, mutates=("imag",))
    with pytest.raises(OperationSettingError, match=r"did you mean 'default'"):
        declare(host, fallback="defautl")
    resize = declare(host)
    wrong: dict[str, Any]
    for wrong in ({"can_run": 5}, {"should_run": "no"}, {"before": "acme"}, {"after": (1,)}):
        with pytest.raises(RegistrationError):
            resize.backend("acme", answer("acme"), **wrong)
        with pytest.raises(RegistrationError):
            plugframe.backend(**wrong)
    with pytest.raises(RegistrationError, match="takes no attributes"):
        plugframe.backend(len)
    with pytest.raises(RegistrationError, match="cannot be called"):
        resize.backend("acme", 5)
    for name in ("default", "a b", "a.b", "_x", ""):
        with pytest.raises(RegistrationError):
            resize.backend(name, answer("acme"))
    assert host.ops.backends() == ()


def test_probes_and_typos_load_nothing_and_typos_get_near_matches(site: Site) -> None:
    site.install(plugin("x", also={"myapp.operations": {"image.resize.acme": "acme_x_models:resize"}}))
    host = site.host
    declare(host)
    for name in ("_x", "__wrapped__", "__path__", "_repr_html_"):
        assert not hasattr(host.ops, name)
        assert not hasattr(host.ops.image, name)
    with pytest.raises(NotRegisteredError, match=r"'imag'.*did you mean 'image'"):
        _ = host.ops.imag
    with pytest.raises(NotRegisteredError, match=r"'image\.resise'.*did you mean 'image\.resize'"):
        _ = host.ops.image.resise
    assert copy.deepcopy(host.ops) is copy.copy(host.ops) is host.ops
    assert copy.deepcopy(host.ops.image) is copy.copy(host.ops.image) is host.ops.image
    assert "acme_x_models" not in sys.modules


MODELS = """
    import plugframe

    @plugframe.backend(can_run=lambda image, width, *, smooth: width < 5 or "it is too wide")
    def resize(image, width=0, *, smooth=False):
        return f"{__name__} {width}"

    def taken(image, width=0, *, smooth=False):
        raise plugframe.Decline("not today")
"""


def installed(site: Site, models: str = MODELS, target: str = "acme_x_models:resize") -> Any:
    """Return an operation with the backend acme, of a distribution that declares it."""
    from textwrap import dedent  # of this alone

    also = {"myapp.operations": {"image.resize.acme": target}}
    site.install(plugin("x", "raise SystemExit", also=also), {"acme_x_models.py": dedent(models)})
    return declare(site.host)


def test_backend_of_an_entry_point_is_imported_at_the_first_call(site: Site) -> None:
    resize = installed(site)
    assert "acme_x_models" not in sys.modules
    with site.host.ops.disable("acme"):
        assert resize([]) == "default 2 False"
    assert resize.using("default")([]) == "default 2 False"
    assert "acme_x_models" not in sys.modules
    assert resize([]) == "acme_x_models 2"
    assert resize([], 7) == "default 7 False"
    assert resize.implementation("acme") is sys.modules["acme_x_models"].resize
    assert resize.implementation("default") is resize.default
    told = resize.explain([], 7)
    assert told.chosen == "default"
    assert [(one.answer, one.provider) for one in told.reasons] == [
        ("chosen", "the host myapp"),
        ("no", "myapp.operations:image.resize.acme from acme-x 1.0"),
    ]
    assert "it is too wide" in str(told)


@pytest.mark.parametrize("models", ["import acme_nowhere", "1 / 0", "resize = 5", "def resize(image, height): ..."])
def test_broken_backend_is_passed_over_with_a_warning_and_named_it_is_an_error(site: Site, models: str) -> None:
    resize = installed(site, models)
    for _ in range(2):  # at the first call of all, and at the first one after a change
        with pytest.warns(PlugframeWarning, match=r"image\.resize\.acme from acme-x 1\.0") as told:
            assert resize([]) == "default 2 False"
        assert [one.filename for one in told] == [__file__]
        assert resize([]) == "default 2 False"  # and not told again
        site.host.refresh()
    with pytest.raises(PluginImportError, match=r"image\.resize\.acme from acme-x 1\.0"):
        resize.using("acme")([])
    assert "image.resize.acme" in str(resize.explain([]))


def test_backend_that_was_mended_is_tried_again_after_a_refresh(site: Site) -> None:
    resize = installed(site, "import acme_nowhere")
    with pytest.warns(PlugframeWarning, match="acme_nowhere"):
        resize([])
    site.install({"acme_x_models.py": "def resize(image, width=0, *, smooth=False): return 'mended'"})
    assert resize([]) == "default 2 False"
    site.host.refresh()
    assert resize([]) == "mended"


def test_backend_of_a_plugin_counts_while_it_is_loaded(site: Site) -> None:
    code = """
        import plugframe

        @plugframe.hookimpl
        def plugframe_register_operations(operations):
            operations.add("image.resize.acme", "acme_x_models:resize")
            @operations.add("image.resize.first")
            @plugframe.backend(before=("acme",))
            def first(image, width=0, *, smooth=False): return "first"
    """
    resize = installed(site, target="acme_x_models:nothing")
    site.uninstall("x")
    site.install(plugin("x", code))
    site.host.refresh()
    assert resize([]) == "default 2 False"
    (result,) = site.host.load("x")
    assert result.registered == ("operations:image.resize.acme", "operations:image.resize.first")
    assert (resize([]), resize.using("acme")([])) == ("first", "acme_x_models 2")


def test_undeclared_operations_of_entry_points_are_told_and_change_nothing(site: Site) -> None:
    names: tuple[str, ...] = ("image.resise.acme", "image.resize.default", "resize.acme", "prefer.resize.acme")
    also: dict[str, dict[str, str]] = {"myapp.operations": dict.fromkeys(names, "acme_x_models:resize")}
    site.install(plugin("x", also=also))
    resize = declare(site.host)
    assert resize([]) == "default 2 False"
    assert site.host.ops.undeclared() == ("image.resise.acme",)  # two others are findings of their own: PF143
    misspelt, default = site.host.ops.problems
    assert (misspelt.code, misspelt.distribution, default.code) == ("PF171", "acme-x", "PF171")
    assert "did you mean 'image.resize'" in misspelt.message
    assert "'default' is the host's own" in default.message


def test_reserved_first_parts_of_operations_are_the_names_that_are_taken(host: Host) -> None:
    taken = {name for name in [*dir(host.ops), *vars(host.ops)] if not name.startswith("_")}
    assert set(RESERVED["operations"]) == taken


def test_decline_moves_on_to_the_next_candidate_and_none_is_run_twice(host: Host) -> None:
    resize = declare(host)
    ran: list[str] = []

    def declining(who: str) -> Callable[..., str]:
        def resize(image: list[int], width: int = 0, *, smooth: bool = False) -> str:
            ran.append(who)
            raise Decline(who)

        return resize

    resize.backend("acme", declining("acme"), before=("numpy",))
    resize.backend("numpy", declining("numpy"))
    for _ in range(3):
        ran.clear()
        assert resize([]) == "default 2 False"
        assert ran == ["acme", "numpy"]
    with host.ops.fallback("error"), pytest.raises(NoImplementationError) as caught:
        resize([])
    assert isinstance(caught.value.__cause__, Decline)
    assert dict(caught.value.reasons)["acme(image: list, width: int, smooth: bool)"] == "it declined: acme"
    assert "fallback('default')" in caught.value.next_step
    with pytest.raises(NoImplementationError, match="it declined: numpy") as caught:
        resize.using("numpy")([])
    assert not caught.value.next_step  # no fallback is asked where the call names who answers
    assert "it declined" not in str(resize.explain([]))  # which runs none


def test_one_that_implements_several_signatures_that_fit_declines_once(host: Host) -> None:
    def number(value: float) -> str:
        return "float"

    def integer(value: int) -> str:
        return "int"

    show: Any = host.operation("value.show")(number)
    show.overload(integer)
    ran: list[object] = []

    def declines(value: object) -> str:
        ran.append(value)
        raise Decline

    show.backend("acme", declines)
    for place in range(3):
        assert show(place) == "int"
    with host.ops.prefer("acme"):
        assert show(3) == "int"
    assert ran == [0, 1, 2, 3]


def test_decline_of_a_call_hook_is_an_error_and_nothing_is_called(host: Host) -> None:
    ran: list[int] = []
    show: Any = host.operation("value.show")(lambda value: ran.extend([value]))

    def declines(value: int) -> None:
        raise Decline

    with show.register_pre_hook(declines, argument="value"):
        for _ in range(3):
            with pytest.raises(Decline):
                show(1)
    assert ran == []
    show(1)
    assert ran == [1]


def test_decline_of_the_only_implementation_is_an_error(host: Host) -> None:
    @host.operation("image.show")
    def show(image: object) -> None:
        reason = "never"
        raise Decline(reason)

    for _ in range(3):
        with pytest.raises(NoImplementationError, match="it declined: never"):
            show(1)


def test_decline_after_a_declared_mutation_is_an_error(host: Host) -> None:
    resize = declare(host, mutates=("image",))

    def acme(image: list[int], width: int = 0, *, smooth: bool = False) -> str:
        image.append(width)
        raise Decline

    with resize.backend("acme", acme):
        for place in range(3):
            image = [0] * place
            with pytest.raises(
                LateDeclineError, match=r"the host myapp declined .* may have changed 'image'"
            ) as caught:
                resize(image)
            assert isinstance(caught.value.__cause__, Decline)
            assert image == [0] * place + [2]  # nobody else was given it
    with resize.backend("acme", acme, can_run=lambda image, width, *, smooth: "no"):
        assert resize([]) == "default 2 False"


def test_fallback_by_operation_context_settings_and_environment(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    strict = declare(host, "image.strict", fallback="error")
    with pytest.raises(NoImplementationError, match=r"does not stand in.*\n.*fallback\('default'\) or MYAPP_FALLBACK"):
        strict([])
    with host.ops.fallback("default"):
        assert strict([]) == "default 2 False"
        with host.ops.fallback("error", operation="image.strict"), pytest.raises(NoImplementationError):
            strict([])
        assert strict([]) == "default 2 False"
    with host.ops.prefer("default"):
        assert strict([]) == strict.using("default")([]) == "default 2 False"
    with strict.backend("acme", answer("acme")):
        assert strict([]) == "acme 2 False"
    host.ops.configure(fallback="default")
    assert strict([]) == "default 2 False"
    host.ops.configure(fallback="error", operation="image.strict")
    with pytest.raises(NoImplementationError):
        strict([])
    monkeypatch.setenv("MYAPP_FALLBACK", "1")
    host.refresh()
    assert strict([]) == "default 2 False"
    for off in ("0", "false", "No", "OFF", "error"):
        monkeypatch.setenv("MYAPP_FALLBACK", off)
        host.refresh()
        with pytest.raises(NoImplementationError):
            strict([])


def test_settings_and_environment_order_backends_and_reject_unknown_ones(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    resize = declare(host)
    for name in ("acme", "numpy"):
        resize.backend(name, answer(name))
    with pytest.raises(TypeError):
        resize([])
    host.ops.configure(backends=("numpy", "acme"))
    assert resize([]) == "numpy 2 False"
    host.ops.configure(backends=("acme",), operation="image.resize")
    assert resize([]) == "acme 2 False"
    monkeypatch.setenv("MYAPP_BACKENDS", " numpy ,acme")
    host.refresh()
    assert resize([]) == "numpy 2 False"
    for off in ("0", "false", "no", "Off"):
        monkeypatch.setenv("MYAPP_BACKENDS", off)
        host.refresh()
        assert resize([]) == "default 2 False"
        assert "MYAPP_BACKENDS switches backends off" in str(resize.explain([]))
        with host.ops.prefer("acme"):
            assert resize([]) == "acme 2 False"
    monkeypatch.setenv("MYAPP_BACKENDS", "numpi")
    host.refresh()
    for _ in range(2):
        with pytest.raises(BackendNotFoundError, match=r"'numpi', which MYAPP_BACKENDS names; did you mean 'numpy'"):
            resize([])
    monkeypatch.setenv("MYAPP_BACKENDS", "")
    monkeypatch.setenv("MYAPP_FALLBACK", "eror")
    host.refresh()
    with pytest.raises(OperationSettingError, match=r"MYAPP_FALLBACK is one of .* did you mean 'error'"):
        resize([])
    ways: list[Callable[[str], object]] = [host.ops.prefer, host.ops.disable, resize.using]
    ways.append(lambda name: host.ops.configure(backends=[name]))
    for way in ways:
        with pytest.raises(BackendNotFoundError, match="did you mean 'acme'"):
            way("acmee")
    with pytest.raises(NotRegisteredError, match=r"did you mean 'image\.resize'"):
        host.ops.prefer("acme", operation="image.resise")
    with pytest.raises(OperationSettingError):
        host.ops.fallback("never")


def test_plan_depends_on_the_overload_and_the_backend_that_answer(host: Host) -> None:
    resize = declare(host)
    resize.backend("acme", answer("acme"))
    resize.register_pre_hook(lambda _: None, argument="image")
    before = resize.plan([]).key
    assert (resize.operation.overloads[0].name, "acme") in before
    assert resize.plan([1], 3).key == before
    with host.ops.prefer("default"):
        assert resize.plan([]).key != before


def test_planned_call_goes_on_after_a_backend_declines_and_where_a_hook_changes_what_answers(host: Host) -> None:
    resize = declare(host)
    declines: list[str] = []
    told: list[str] = []

    def acme(image: list[int], width: int = 9, *, smooth: bool = True) -> str:
        if declines:
            raise Decline(declines[0])
        return answer("acme")(image, width, smooth=smooth)

    handle = resize.backend("acme", acme)
    resize.register_post_hook(lambda _, result: told.append(result))
    for _ in range(3):
        assert resize([]) == "acme 2 False"
    declines.append("not today")
    assert resize([]) == "default 2 False"
    declines.clear()
    resize.register_pre_hook(lambda _: handle.remove(), argument="image")
    assert [resize([]), resize([])] == ["default 2 False"] * 2  # The hook runs before the call finds who answers.
    assert told == [*["acme 2 False"] * 3, *["default 2 False"] * 3]


def test_contexts_nest_and_the_innermost_counts(host: Host) -> None:
    resize, other = declare(host), declare(host, "image.other")
    for name in ("acme", "numpy"):
        resize.backend(name, answer(name))
        other.backend(name, answer(name))
    ops = host.ops
    with ops.prefer("acme"):
        assert resize([]) == "acme 2 False"
        with ops.prefer("numpy", operation="image.resize"):
            assert (resize([]), other([])) == ("numpy 2 False", "acme 2 False")
            with ops.disable("numpy", "acme"):
                assert resize([]) == "default 2 False"
                with ops.prefer("acme"):
                    assert resize([]) == "acme 2 False"
                assert resize.using("numpy")([]) == "numpy 2 False"
        with pytest.raises(ZeroDivisionError), ops.prefer("numpy"):
            _ = 1 / 0
        assert resize([]) == "acme 2 False"
    with pytest.raises(TypeError):
        resize([])


def test_verdicts_decide_and_conditions_are_asked_of_the_best_first(host: Host) -> None:
    resize = declare(host)
    said: dict[str, Any] = {}
    asked: list[str] = []

    def ask(name: str) -> Callable[..., Any]:
        def condition(image: list[int], width: int = 0, *, smooth: bool = False) -> Any:
            asked.append(name)
            return said.get(name, True)

        return condition

    resize.backend("acme", answer("acme"), can_run=ask("acme can"), should_run=ask("acme should"), before=("numpy",))
    resize.backend("numpy", answer("numpy"), can_run=ask("numpy can"))
    assert (resize([]), asked) == ("acme 2 False", ["acme can", "acme should"])
    for no in (False, "it is Sunday", Verdict.no("it is Sunday")):
        said["acme can"] = no
        asked.clear()
        assert (resize([]), asked) == ("numpy 2 False", ["acme can", "numpy can"])
    assert "it is Sunday" in str(resize.explain([]))
    said.update({"acme can": True, "acme should": "others are faster"})
    assert resize([]) == "numpy 2 False"
    assert resize.using("acme")([]) == "acme 2 False"
    said.update({"acme should": Verdict.if_needed("it copies"), "numpy can": False})
    assert resize([]) == "default 2 False"  # which takes the call, so that there is no need
    assert "it copies" in str(resize.explain([]))
    with host.ops.fallback("error"):
        assert resize([]) == "acme 2 False"
    with host.ops.prefer("acme"):
        assert resize([]) == "acme 2 False"
    nonsense: Any
    for nonsense in (None, 1, []):
        said["acme can"] = nonsense
        with pytest.raises(TypeError, match=r"can_run of the host myapp returned .* plugframe\.Verdict"):
            resize([])
    with pytest.raises(ValueError, match="'if-needed'"):
        Verdict("perhaps")


async def later(*_: object, **__: object) -> bool:
    """Be what nothing would await."""
    return True


@pytest.mark.parametrize("option", ["can_run", "should_run"])
@pytest.mark.parametrize(
    ("condition", "told"),
    [
        (lambda image, width: True, "got an unexpected keyword argument 'smooth'"),
        (lambda image, *, smooth: True, "too many positional arguments"),
        (lambda image, width, depth, smooth: True, "missing a required argument: 'depth'"),
        (later, "coroutine function"),
    ],
)
def test_condition_that_cannot_be_asked_is_refused(host: Host, option: str, condition: Any, told: str) -> None:
    resize = declare(host)
    with pytest.raises(ImplementationMismatchError, match=f"{option}: .*{told}"):
        resize.backend("acme", answer("acme"), **{option: condition})
    assert resize([]) == "default 2 False"
    resize.backend(
        "acme", answer("acme"), **{option: lambda *given, **named: (len(given), named) == (2, {"smooth": False})}
    )
    resize.backend("numpy", answer("numpy"), **{option: lambda a, b, smooth: False})
    assert resize([]) == "acme 2 False"


def test_exception_of_a_condition_says_whose_it_is_and_a_decline_means_no(host: Host) -> None:
    resize = declare(host)

    def condition(image: list[int], width: int = 0, *, smooth: bool = False) -> bool:
        if width:
            raise Decline
        return 1 // width > 0

    resize.backend("acme", answer("acme"), can_run=condition)
    assert resize([]) == "default 2 False"
    with pytest.raises(ZeroDivisionError) as caught:
        resize([], 0)
    assert caught.value.__notes__ == ["raised by can_run of the host myapp, a backend of image.resize"]


def test_explain_tells_of_every_implementation_and_runs_none(host: Host) -> None:
    resize = declare(host)

    def never(image: Any, width: int = 0, *, smooth: bool = False) -> str:
        raise AssertionError

    @resize.overload  # type: ignore[untyped-decorator] # declare() returns anything
    def _(image: bytes, width: int = 2, *, smooth: bool = False) -> str:
        raise AssertionError

    resize.backend("acme", never, after=("numpy",))
    resize.backend("numpy", never)
    told = resize.explain([1])
    assert (told.operation, told.call, told.chosen) == (
        "image.resize", "a call with (image: list, width: int, smooth: bool)", "numpy",
    )  # fmt: skip
    assert [(one.name.partition("(")[0], one.answer) for one in told.reasons] == [
        ("numpy", "chosen"), ("acme", "next"), ("default", "next"),
        ("acme", "no"), ("default", "no"), ("numpy", "no"),
    ]  # fmt: skip
    assert "before or after says so" in told.reasons[0].reason
    assert "'image' must be bytes, and is list" in str(told)
    with host.ops.disable("acme", "numpy"), host.ops.fallback("error"):
        told = resize.explain([1])
        assert told.chosen == ""
        assert [one.answer for one in told.reasons] == ["no"] * 3
        assert "disabled in this context" in str(told)
    assert resize.explain({}).chosen == ""
    assert pickle.loads(pickle.dumps(told)) == told
    with pytest.raises(TypeError):
        resize.explain()


def test_table_of_types_holds_no_class_alive(host: Host) -> None:
    show: Any = host.operation("value.show")(lambda value: "any")

    def number(value: int) -> str:
        return "int"

    show.overload(number)
    kept: list[Any] = []
    for place in range(50):
        kind = type(f"Kind{place}", (int,) if place % 2 else (), {})
        assert [show(kind()) for _ in range(3)] == ["int" if place % 2 else "any"] * 3
        kept.append(weakref.ref(kind))
        del kind
    gc.collect()
    assert [one() for one in kept] == [None] * 50


def test_table_of_types_is_bounded(host: Host) -> None:
    show: Any = host.operation("value.show")(lambda value: "any")

    def number(value: int) -> str:
        return "int"

    show.overload(number)
    kinds = [type("Kind", (int,), {}) for _ in range(1500)]
    assert {show(kind()) for kind in kinds} == {"int"}
    table = show.operation._found.table  # noqa: SLF001 # nothing else tells
    assert len(table._table) <= 1024  # noqa: SLF001
    assert {show(kind()) for kind in kinds} == {"int"}


def test_proxies_and_mocks_are_told_by_what_they_say_they_are(host: Host) -> None:
    class Proxy:
        def __init__(self, kind: type) -> None:
            self.kind = kind

        @property  # type: ignore[misc] # what mocks do
        def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
            return self.kind

    show: Any = host.operation("value.show")(lambda value: "any")
    for kind in (int, str):

        def overload(value: Any, kind: type = kind) -> str:
            return kind.__name__

        overload.__annotations__ = {"value": kind}
        show.overload(overload)
    for _ in range(2):
        assert [show(Proxy(kind)) for kind in (int, str, list)] == ["int", "str", "any"]


def test_checker_makes_the_calls_of_its_context(host: Host) -> None:
    resize = declare(host)
    seen: list[ResolvedCall] = []

    class Checker:
        def run(self, call: ResolvedCall) -> object:
            seen.append(call)
            return call.run()

    with host.ops.checked_by(Checker()):
        assert resize([1], 3) == "default 3 False"
        with host.ops.checked_by(None):
            resize([1])
    resize([1])
    (call,) = seen
    assert (call.operation.name, call.backend, call.provider) == ("image.resize", "default", "the host myapp")
    assert call.function is call.overload.function is resize.default
    assert dict(call.arguments.arguments) == {"image": [1], "width": 3, "smooth": False}


def test_call_hooks_are_around_all_that_answers_a_call(host: Host) -> None:
    resize = declare(host)
    with resize.register_pre_hook(lambda width: width * 2, argument="width"):
        assert resize([], 3) == "default 6 False"
        with resize.backend("acme", answer("acme")):
            assert (resize([], 3), resize.using("default")([], 3)) == ("acme 6 False", "default 6 False")
            with resize.register_post_hook(lambda arguments, result: f"<{result}>"):
                assert (resize([], 3), resize.using("acme")([], 3)) == ("<acme 6 False>", "<acme 6 False>")
                with host.ops.disable("acme"):
                    assert resize([], 3) == "<default 6 False>"
            assert [hook.argument for hook in resize.call_hooks()] == ["width"]
            with plugframe.suspend_interception():
                assert resize([], 3) == "acme 3 False"
            steps = [node.step for node in resize.plan([], 3).nodes]
            assert steps == ["argument pre-hook", "call"]
    assert resize([], 3) == "default 3 False"
    assert resize.explain([]).unplanned == ""


def test_decline_is_no_failure_to_call_hooks(host: Host) -> None:
    resize = declare(host)
    seen: list[Any] = []

    def declines(image: list[int], width: int = 0, *, smooth: bool = False) -> str:
        raise Decline

    resize.backend("acme", declines)
    resize.register_post_hook(lambda arguments, outcome: seen.append(outcome), always=True)
    for _ in range(3):
        assert resize([]) == "default 2 False"
    assert len(seen) == 3
    assert all("default 2 False" in repr(outcome) for outcome in seen)


@pytest.mark.parametrize("kind", ["argument", "pre", "post", "commit"])
def test_decline_of_a_call_hook_ends_the_call_and_repeats_nothing(host: Host, kind: str) -> None:
    ran: list[int] = []

    @host.operation("numbers.keep", mutates=("numbers",))
    def keep(numbers: list[int]) -> list[int]:
        ran.append(len(numbers))
        return numbers

    def declines(*_: object) -> None:
        message = "not my call"
        raise Decline(message)

    def register() -> plugframe.RemovableHandle:
        if kind == "argument":
            return keep.register_pre_hook(declines, argument="numbers", label="mine")
        name = f"register_{kind}_hook"
        found: plugframe.RemovableHandle = getattr(keep, name)(declines, label="mine")
        return found

    for _ in range(3):
        with register():
            for call in (keep, keep, keep.using("default")):
                with pytest.raises(Decline, match="not my call") as caught:
                    call([1])
                assert "hook mine on 'numbers.keep'" in caught.value.__notes__[0]
        assert keep([1]) == [1]
    assert len(ran) == 3 + (0 if kind in ("argument", "pre") else 9)


def test_hook_that_removes_itself_and_declines_ends_the_call(host: Host) -> None:
    resize = declare(host)

    def declines(_: object) -> None:
        handle.remove()
        resize([])  # so that calls go straight to the implementation by the time
        raise Decline

    handle = resize.register_pre_hook(declines)
    with pytest.raises(Decline):
        resize([])
    assert resize([]) == "default 2 False"


def test_function_that_declines_for_one_overload_is_not_run_for_another(host: Host) -> None:
    ran: list[object] = []

    @host.operation("numbers.name")
    def name(number: float) -> str:
        return "float"

    @name.overload
    def name_of_int(number: int) -> str:
        return "int"

    def acme(number: object) -> str:
        ran.append(number)
        raise Decline

    name.backend("acme", acme)
    for _ in range(3):
        assert name(1) == "int"
    with host.ops.prefer("acme"):
        assert name(1) == "int"
    assert ran == [1] * 4
    with host.ops.fallback("error"), pytest.raises(NoImplementationError) as caught:
        name(1)
    assert len(ran) == 5
    assert dict(caught.value.reasons)["acme(number: float)"] == "it declined"


def test_who_declines_is_known_while_calls_inside_of_it_change_what_is_called(host: Host) -> None:
    resize = declare(host, mutates=("image",))
    inner: list[str] = []

    def acme(image: list[int], width: int = 0, *, smooth: bool = False) -> str:
        if width == 1:
            with resize.backend("beta", answer("beta"), before=("acme",)):
                inner.extend(resize([]) for _ in range(3))
                raise Decline
        return "acme"

    resize.backend("acme", acme)
    assert [resize([]), resize([])] == ["acme", "acme"]
    with pytest.raises(LateDeclineError) as caught:
        resize([], 1)
    assert inner == ["beta 2 False"] * 3
    assert "beta" not in str(caught.value)


def test_declined_call_keeps_its_arguments_no_longer_than_it_lasts(host: Host) -> None:
    class Image(list[int]):
        pass

    resize = declare(host)

    def declines(image: list[int], width: int = 0, *, smooth: bool = False) -> str:
        raise Decline

    resize.backend("acme", declines)
    gc.disable()
    try:
        for _ in range(3):
            image = Image()
            alive = weakref.ref(image)
            assert resize(image) == "default 2 False"
            del image
            assert alive() is None
    finally:
        gc.enable()


def test_wish_ends_with_its_block_for_the_task_that_outlives_it(host: Host) -> None:
    resize = declare(host)
    resize.backend("acme", answer("acme"))
    resize.backend("numpy", answer("numpy"), before=("acme",))

    async def work(go: asyncio.Event) -> list[str]:
        found = [resize([])]
        await go.wait()
        return [*found, resize([]), resize([])]

    async def outlive() -> list[str]:
        go = asyncio.Event()
        with host.ops.prefer("acme"):
            task = asyncio.create_task(work(go))
            await asyncio.sleep(0)
        go.set()
        return await task

    assert asyncio.run(outlive()) == ["acme 2 False", "numpy 2 False", "numpy 2 False"]


def test_class_that_cannot_be_looked_up_by_a_metaclass_is_no_problem(host: Host) -> None:
    class Unhashable(type):
        def __eq__(cls, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment] # on purpose

    class Odd(metaclass=Unhashable):
        pass

    @host.operation("numbers.name")
    def name(number: object, other: object) -> str:
        return "object"

    @name.overload
    def name_of_int(number: int, other: object) -> str:
        return "int"

    for _ in range(3):
        assert [name(1, 2), name(Odd(), 2), name(1, Odd())] == ["int", "object", "int"]


def test_concurrent_calls_and_changes_agree(host: Host) -> None:
    resize = declare(host)
    resize.backend("steady", answer("steady"))

    def work(index: int) -> None:
        for _ in range(100):
            if index == 0:
                with resize.backend("brief", answer("brief"), before=("steady",)):
                    assert resize([]) == "brief 2 False"
            elif index == 1:
                with (
                    host.ops.disable("steady", "brief")
                    if "brief" in host.ops.backends()
                    else host.ops.disable("steady")
                ):
                    assert resize([]) in ("default 2 False", "brief 2 False")
            else:
                assert resize([]) in ("steady 2 False", "brief 2 False")

    assert together(5, work) == [None] * 5
    assert resize([]) == "steady 2 False"


def test_backend_that_is_taken_away_while_a_call_is_resolved_is_passed_over(host: Host) -> None:
    resize = declare(host)
    handles: list[plugframe.RemovableHandle] = []

    def condition(image: list[int], width: int = 0, *, smooth: bool = False) -> bool:
        for handle in handles:
            handle.remove()
        return False

    resize.backend("a", answer("a"), can_run=condition, before=("z",))
    handles.append(resize.backend("z", answer("z")))
    assert resize([]) == "z 2 False"  # it was there when the call began
    assert resize([]) == "default 2 False"
    names = resize.operation.implementations.names
    resize.operation.implementations.names = lambda: (*names(), "gone")
    assert resize([]) == "default 2 False"
    with pytest.raises(BackendNotFoundError):
        resize.using("z")


def test_operations_of_the_default_host_are_plugframes_own() -> None:
    told = fresh(
        """
        import sys
        import plugframe
        assert "plugframe.operations" not in sys.modules

        @plugframe.operation("image.resize")
        def resize(image: list, width: int) -> list:
            return image[:width]

        resize.backend("acme", plugframe.backend(lambda image, width: "acme"))
        print(plugframe.ops.image.resize is resize, resize([], 2), plugframe.Rank(2), "numpy" in sys.modules)
        """
    )
    assert told == "True acme Rank(2) False\n"


def test_mismatch_lists_every_declared_signature(host: Host) -> None:
    resize = declare(host)

    @resize.overload  # type: ignore[untyped-decorator] # declare() returns anything
    def _(image: bytes, width: int = 2, *, smooth: bool = False) -> str:
        return "bytes"

    def wrong(image: str, width: int = 2, *, smooth: bool = False) -> str:
        return "wrong"

    with pytest.raises(ImplementationMismatchError) as caught:
        resize.backend("acme", wrong)
    assert len(caught.value.reasons) == 2
    assert "'image' is str, and it is declared to be bytes" in str(caught.value)
    assert copy.copy(caught.value).reasons == caught.value.reasons


def test_types_are_what_type_checkers_were_told() -> None:
    told = fresh(
        """
        import typing_operations
        print(typing_operations.check())
        """,
        Path(__file__).parent,
    )
    assert told == "all as typed\n"


def test_contexts_of_one_task_do_not_touch_another(host: Host) -> None:
    resize = declare(host)
    resize.backend("acme", answer("acme"))

    async def main() -> tuple[list[str], list[str]]:
        inside, looked = asyncio.Event(), asyncio.Event()

        async def mine() -> list[str]:
            with host.ops.disable("acme"):
                inside.set()
                await looked.wait()
                return [resize([]), await asyncio.create_task(child())]

        async def child() -> str:
            return str(resize([]))  # in a copy of the context that it was begun in

        async def other() -> list[str]:
            await inside.wait()
            found = [resize([]), await asyncio.to_thread(resize, [])]
            looked.set()
            return found

        first, second = await asyncio.gather(mine(), other())
        return first, second

    assert asyncio.run(main()) == (["default 2 False"] * 2, ["acme 2 False"] * 2)
    assert resize([]) == "acme 2 False"


def test_parameters_of_every_kind_are_passed_on_and_may_decide(host: Host) -> None:
    def first(value: int, /, target: str, *rest: int, error: int = 1, call: object = None, **more: int) -> object:
        return "first", value, target, rest, error, call, more

    def second(value: str, /, target: str, *rest: int, error: int = 1, call: object = None, **more: int) -> object:
        return "second", value, target, rest, error, call, more

    def third(value: int, /, target: str, *rest: int, error: str = "", call: object = None, **more: int) -> object:
        return "third", value, target, rest, error, call, more

    show: Any = host.operation("value.show")(first)
    show.overload(second)
    show.overload(third)
    for _ in range(3):
        assert show(1, "t", 2, 3, call=4, near=5) == ("first", 1, "t", (2, 3), 1, 4, {"near": 5})
        assert show("a", target="t") == ("second", "a", "t", (), 1, None, {})
        assert show(1, "t", error="e") == ("third", 1, "t", (), "e", None, {})
        with pytest.raises(NoImplementationError):
            show("a", "t", error="e")
        with pytest.raises(TypeError, match=r"first\(\)|show\(\)"):
            show(1)
