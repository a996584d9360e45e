"""What plugins register by name, classes, callbacks and more: lazily, and for each plugin all or nothing."""

import copy
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from _sites import RENDERS, Site, plugin, site_at, together

from plugframe.errors import NotRegisteredError, PlugframeError, RegistrationConflictError, RegistrationError
from plugframe.namespaces.names import Addition
from plugframe.namespaces.references import References
from plugframe.namespaces.registrars import Registrar
from plugframe.operations.operations import Operations

PROBES = ("__wrapped__", "__file__", "__path__", "__torch_function__", "_repr_html_", "_x", "shape")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_at(tmp_path / "site") as made:
        yield made


def refuse(addition: Addition) -> object:
    """Stand for a resolver that must not be asked."""
    message = f"{addition} was resolved"
    raise AssertionError(message)


def additions(*names: str, provider: str = "acme", target: object = "acme:x") -> list[Addition]:
    """Return the wish of a provider to register names."""
    return [Addition(name=name, provider=provider, target=target) for name in names]


def test_looking_at_a_registry_resolves_nothing() -> None:
    found = References("class", resolve=refuse, fill=lambda: additions("vision.Net", "audio.Net", "audio.a.B"))
    assert list(found) == ["audio.Net", "audio.a.B", "vision.Net"]
    assert len(found) == len(list(found))
    assert "vision.Net" in found
    assert "vision" not in found
    assert found.provider("vision.Net") == "acme"
    assert repr(found)
    assert dir(found)
    assert not any(hasattr(found, name) for name in PROBES)
    assert list(copy.copy(found)) == list(found)


def test_name_is_resolved_once_and_a_failure_is_tried_again() -> None:
    answers = iter([ImportError("not yet"), dict, list])

    def resolve(_: Addition) -> object:
        answer = next(answers)
        if isinstance(answer, ImportError):
            raise answer
        return answer

    found = References("class", resolve=resolve, fill=lambda: additions("vision.Net"))
    with pytest.raises(ImportError):
        found.get("vision.Net")
    assert found.get("vision.Net") is dict
    assert found.get("vision.Net") is dict


def test_unknown_name_is_told_with_those_like_it() -> None:
    found = References("callback", resolve=refuse, fill=lambda: additions("progress", "finished"))
    for ask in (found.get, found.provider):
        with pytest.raises(NotRegisteredError) as caught:
            ask("Progres")
        assert str(caught.value) == "no callback named 'Progres' is registered; did you mean 'progress'?"
        assert (caught.value.kind, caught.value.name, caught.value.near) == ("callback", "Progres", ("progress",))
        assert isinstance(caught.value, AttributeError)


def test_of_several_names_all_are_registered_or_none() -> None:
    found = References("class", resolve=refuse, fill=lambda: additions("vision.Net"))
    with pytest.raises(RegistrationConflictError) as caught:
        found.commit(additions("audio.Net", "vision.Net", provider="zeta"))
    assert list(found) == ["vision.Net"]
    assert (caught.value.present, caught.value.refused, caught.value.name) == ("acme", "zeta", "vision.Net")
    with pytest.raises(RegistrationConflictError):
        found.commit(additions("text.Net", "text.Net", provider="zeta"))
    assert list(found) == ["vision.Net"]
    found.commit(additions("audio.Net", provider="zeta"))
    found.forget("zeta")
    assert list(found) == ["vision.Net"]


def test_name_of_any_kind_is_replaced_and_restored() -> None:
    found = References("callback", resolve=refuse, fill=lambda: additions("show", target=dict))
    registrar = Registrar("callback", "zeta 1.0", withdraw=found.withdraw)
    handle = registrar.add("show", list, replace=True)
    found.commit(registrar.additions)
    assert (found.get("show"), found.provider("show")) == (list, "zeta 1.0")
    found.refill()
    assert found.get("show") is list
    handle.remove()
    assert (found.get("show"), found.provider("show"), registrar.additions) == (dict, "acme", [])
    again = Registrar("callback", "zeta 1.0")
    again.add("show", list, replace=True)
    again.add("show", set, replace=True)
    with pytest.raises(RegistrationConflictError):  # one plugin that replaces itself has made a mistake
        found.commit(again.additions)
    assert found.get("show") is dict


def test_forgotten_provider_that_replaced_something_restores_it() -> None:
    found = References("class", resolve=refuse)
    found.commit(additions("a.A", target=dict))
    found.commit([Addition(name="a.A", provider="zeta", target=list, replaces=True)])
    found.commit([Addition(name="a.A", provider="beta", target=set, replaces=True)])
    seen = []
    for provider in ("nobody", "zeta", "beta"):
        found.forget(provider)
        seen.append(found.get("a.A"))
    assert seen == [set, set, dict]
    found.forget("acme")
    assert list(found) == []


def test_forgotten_provider_leaves_no_resolved_object_behind() -> None:
    found = References("class", resolve=lambda _: dict)
    found.commit(additions("a.A"))
    found.get("a.A")
    found.forget("acme")
    found.commit(additions("a.A", provider="zeta", target=list))
    assert found.get("a.A") is list


def test_refill_takes_up_what_is_declared_now_and_keeps_what_is_resolved() -> None:
    declared = additions("a.Old", "a.Kept")
    found = References("class", resolve=lambda addition: [addition], fill=lambda: declared)
    found.commit(additions("a.Own", provider="zeta", target="zeta:x"))
    kept = found.get("a.Kept")
    declared = additions("a.New", "a.Kept")
    found.refill()
    assert list(found) == ["a.Kept", "a.New", "a.Own"]
    assert found.get("a.Kept") is kept


def test_name_that_somebody_else_registers_after_a_refill_means_the_new_object() -> None:
    declared = additions("a.A")
    found = References("class", resolve=lambda _: dict, fill=lambda: declared)
    found.get("a.A")
    declared = []
    found.refill()
    found.commit(additions("a.A", provider="zeta", target=list))
    assert found.provider("a.A") == "zeta"
    assert found.get("a.A") is list


def test_name_registered_from_code_survives_its_declaration_by_somebody_else() -> None:
    declared: list[Addition] = []
    found = References("class", resolve=refuse, fill=lambda: declared)
    found.commit(additions("a.A", provider="zeta"))
    declared = additions("a.A", provider="acme")
    for _ in range(3):
        found.refill()
        assert found.provider("a.A") == "zeta"


def test_look_at_what_is_declared_that_was_interrupted_is_taken_again() -> None:
    answers: Iterator[Any] = iter([KeyboardInterrupt(), additions("a.A")])

    def fill() -> Any:
        answer = next(answers)
        if isinstance(answer, KeyboardInterrupt):
            raise answer
        return answer

    found = References("class", resolve=refuse, fill=fill)
    with pytest.raises(KeyboardInterrupt):
        list(found)
    assert list(found) == ["a.A"]


def test_thread_that_asks_while_another_looks_at_what_is_declared_sees_it_too() -> None:
    looking, asked = threading.Event(), threading.Event()

    def fill() -> list[Addition]:
        looking.set()
        asked.wait(0.5)
        return additions("a.A")

    found = References("class", resolve=refuse, fill=fill)

    def ask(index: int) -> bool:
        if index:
            looking.wait(20)
        seen = "a.A" in found
        asked.set()
        return seen

    assert together(2, ask) == [True, True]


def test_look_that_a_refill_overtakes_does_not_bring_back_what_was_declared_before() -> None:
    looking, refilled = threading.Event(), threading.Event()
    declared = additions("a.Old")

    def fill() -> list[Addition]:
        seen = declared
        looking.set()
        refilled.wait(20)
        return seen

    found = References("class", resolve=refuse, fill=fill)
    thread = threading.Thread(target=found.__len__)
    thread.start()
    looking.wait(20)
    declared = additions("a.New")
    found.refill()
    refilled.set()
    thread.join()
    assert list(found) == ["a.New"]


def test_names_that_threads_register_at_once_are_all_registered() -> None:
    found = References("class", resolve=refuse)
    barrier = threading.Barrier(2)

    def wishes(index: int) -> Iterator[Addition]:
        with suppress(threading.BrokenBarrierError):
            barrier.wait(0.5)  # both have begun, where nothing makes one of them wait for the other
        yield from additions(f"a.A{index}")

    together(2, lambda index: found.commit(wishes(index)))
    assert list(found) == ["a.A0", "a.A1"]


def test_backends_are_told_by_operation() -> None:
    declared = additions("image.resize.b", "image.resize.a", "image.re.x")
    found = Operations("myapp", References("backend", resolve=refuse, fill=lambda: declared))
    assert found.backends("image.resize") == ("a", "b")
    assert found.backends("image.re") == ("x",)
    assert (found.backends("image"), found.backends()) == ((), ("a", "b", "x"))


@pytest.mark.parametrize(
    "name", ["Net", "", ".", "a.", ".Net", "a..Net", "a.2d", "a Net", "a.Net ", "a.b-c", "a._Net", None, 5]
)
def test_name_that_is_no_dotted_name_is_refused(name: Any) -> None:
    registrar = Registrar("class", "acme 1.0", accepts=lambda _: True, parts=2)
    with pytest.raises(RegistrationError, match=r"acme 1\.0 registers the class .* it is no dotted name"):
        registrar.add(name, dict)
    assert registrar.additions == []


@pytest.mark.parametrize("name", ["", "two words", "2d", "_x", None, 5, b"x", ("x",)])
def test_name_of_one_part_that_is_no_identifier_is_refused(name: Any) -> None:
    registrar = Registrar("callback", "acme 1.0")
    with pytest.raises(RegistrationError, match=r"acme 1\.0 registers the callback"):
        registrar.add(name, print)
    assert registrar.additions == []


@pytest.mark.parametrize("target", [5, None, "", "acme", ":Net", "acme:"])
def test_target_that_is_not_of_the_kind_is_refused(target: Any) -> None:
    registrar = Registrar("callback", "acme 1.0")
    with pytest.raises(RegistrationError, match=r"acme 1\.0 registers .* as the callback 'progress', which it is not"):
        registrar.add("progress", target)
    assert registrar.additions == []


DECLARED = {
    "myapp.classes": {"vision.Net": "acme_x_models:Net"},
    "myapp.callbacks": {"progress": "acme_x_models:show"},
    "myapp.operations": {"image.resize.x": "acme_x_models:resize"},
}
MODELS = "class Net: ...\ndef show(*args, **kwargs): return args, kwargs\ndef resize(): return 'resized'\n"


def test_what_entry_points_declare_is_imported_at_first_use(site: Site) -> None:
    site.install(plugin("x", "raise SystemExit", also=DECLARED), {"acme_x_models.py": MODELS})
    host = site.host
    slot = host.callbacks.slot("progress")
    assert ("vision.Net" in host.classes, slot.bound, host.ops.undeclared()) == (True, True, ("image.resize.x",))
    assert slot.provider == "myapp.callbacks:progress from acme-x 1.0"
    assert repr(host.callbacks) == "<callbacks: progress (myapp.callbacks:progress from acme-x 1.0)>"
    assert host.callbacks.unbound() == ()
    assert "acme_x_models" not in sys.modules
    net = host.classes.vision.Net
    assert net is sys.modules["acme_x_models"].Net
    assert host.callbacks.progress(1, total=2) == ((1,), {"total": 2})
    resize = host.operation("image.resize")(lambda: "declared")
    assert (resize(), host.ops.image.resize()) == ("resized", "resized")
    assert [result.state for result in host.report()] == ["available"]


@pytest.mark.parametrize("body", ["import acme_nowhere", "1 / 0", "raise SystemExit", "", "Net = show = resize = None"])
def test_declared_object_that_cannot_be_had_is_an_import_error_that_says_whose(site: Site, body: str) -> None:
    site.install(plugin("x", also=DECLARED), {"acme_x_models.py": body})
    host = site.host
    slot = host.callbacks.slot("progress")
    resize = host.operation("image.resize")(lambda: "declared")
    uses: dict[str, Callable[[], object]] = {
        "vision.Net": lambda: host.classes.vision.Net,
        "progress": slot,
        "image.resize.x": resize.using("x"),
    }
    for name, use in uses.items():
        with pytest.raises(ImportError) as caught:
            use()
        assert isinstance(caught.value, PlugframeError)
        assert caught.value.__cause__ is not None
        assert f"{name} from acme-x 1.0" in str(caught.value)
        assert "Next: " in str(caught.value)
    sys.modules.pop("acme_x_models", None)
    site.install({"acme_x_models.py": MODELS})
    assert host.classes.vision.Net.__name__ == "Net"


def test_class_that_two_distributions_declare_is_of_the_one_whose_name_sorts_first(site: Site) -> None:
    for name in ("z", "a"):
        also = {"myapp.classes": {"vision.Net": f"acme_{name}:Net"}}
        site.install(plugin(name, "class Net: ...", also=also))
    assert site.host.classes.vision.Net.__module__ == "acme_a"
    assert site.host.classes.provider("vision.Net") == "myapp.classes:vision.Net from acme-a 1.0"


def test_classes_are_seen_after_refresh(site: Site) -> None:
    assert list(site.host.classes) == []
    site.install(plugin("x", "class Net: ...", also={"myapp.classes": {"vision.Net": "acme_x:Net"}}))
    site.host.refresh()
    assert list(site.host.classes) == ["vision.Net"]
    site.uninstall("x")
    site.host.refresh()
    assert list(site.host.classes) == []
    assert not hasattr(site.host.classes, "vision")


def test_slot_does_what_its_default_does_until_it_is_bound(site: Site) -> None:
    callbacks = site.host.callbacks
    assert callbacks.slot("quiet")(1, x=2) is None
    assert callbacks.slot("loud", default=lambda value: value * 2)(21) == 42
    assert callbacks.unbound() == ("loud", "quiet")
    assert repr(callbacks) == "<callbacks: loud (unbound), quiet (unbound)>"
    assert (callbacks.loud.bound, callbacks.loud.provider) == (False, "")
    assert {"loud", "quiet", "slot", "unbound"} <= set(dir(callbacks))
    assert not any(hasattr(callbacks, name) for name in PROBES)
    assert copy.copy(callbacks).loud is callbacks.loud
    with pytest.raises(NotRegisteredError, match="no slot named 'loudd' is registered; did you mean 'loud'"):
        _ = callbacks.loudd
    with pytest.raises(RegistrationError, match="loud"):
        callbacks.slot("loud")


@pytest.mark.parametrize("name", ["", "two words", "a.b", "2d", "_hidden", "slot", "unbound", None])
def test_slot_that_could_not_be_reached_by_its_name_is_refused(site: Site, name: Any) -> None:
    with pytest.raises(RegistrationError):
        site.host.callbacks.slot(name)


def test_slot_with_a_default_that_cannot_be_called_is_refused(site: Site) -> None:
    default: Any = 5
    with pytest.raises(RegistrationError, match="progress"):
        site.host.callbacks.slot("progress", default=default)


TAKEN = """
import plugframe

@plugframe.hookimpl
def plugframe_register_{kind}({kind}):
    {kind}.add("{name}", {target})
"""
GOOD = """
import plugframe
from myapp import hookimpl

class Net: ...

@hookimpl
def render(page): return "rendered by x"

@plugframe.hookimpl
def plugframe_register_classes(classes):
    classes.add("vision.Net", Net)
    classes.add("vision.Lazy", "acme_nowhere:Lazy")

@plugframe.hookimpl
def plugframe_register_callbacks(callbacks):
    @callbacks.add("progress")
    def progress(done): return f"{done} done"

@plugframe.hookimpl
def plugframe_register_libraries(libraries):
    assert not libraries.additions

@plugframe.hookimpl
def plugframe_register_operations(operations):
    operations.add("image.resize.x", lambda: "resized")
"""
REGISTERED = ("classes:vision.Net", "classes:vision.Lazy", "callbacks:progress", "operations:image.resize.x")


def test_plugin_registers_from_code_through_the_frameworks_hooks(site: Site) -> None:
    site.install(plugin("x", GOOD))
    result = site.load("x")
    assert (result.state, result.reason, result.registered) == ("loaded", "", REGISTERED)
    host = site.host
    assert host.classes.vision.Net.__module__ == "acme_x"
    assert host.classes.provider("vision.Net") == "myapp.plugins:x from acme-x 1.0"
    assert host.callbacks.slot("progress")(5) == "5 done"
    assert host.ops.backends("image.resize") == ("x",)
    assert "acme_nowhere" not in sys.modules


def test_library_is_registered_by_the_path_of_its_file_as_the_hook_describes_it(site: Site) -> None:
    site.install(plugin("x", TAKEN.format(kind="libraries", name="stats", target="'acme_vision._native.libstats'")))
    result = site.load("x")
    assert (result.reason, result.registered) == ("", ("libraries:stats",))
    assert site.host.libraries.provider("stats") == "myapp.plugins:x from acme-x 1.0"


def test_framework_hooks_are_called_for_every_plugin_that_is_loaded(site: Site) -> None:
    code = """
        import plugframe

        class Plugin:
            @plugframe.hookimpl
            def plugframe_register_classes(self, classes):
                @classes.add(f"{__name__}.Net")
                class Net: ...
                assert Net is not None

        plugin = Plugin()
    """
    site.install(*(plugin(name, code, target="{module}:plugin") for name in "abc"))
    site.host.load_all()
    assert list(site.host.classes) == ["acme_a.Net", "acme_b.Net", "acme_c.Net"]


EMPTY = "assert not libraries.additions"
# What stands in GOOD, what takes its place, parts of the reason that a person needs.
SPOILED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "bad_name": ('"image.resize.x"', '"image resize x"', ("operation", "image resize x")),
    "too_short_a_name": ('"image.resize.x"', '"resize"', ("operation", "'resize'", "3")),
    "class_that_is_none": ('"vision.Net", Net', '"vision.Net", Net()', ("class", "vision.Net")),
    "reference_without_attribute": ('"acme_nowhere:Lazy"', '"acme_nowhere"', ("class", "vision.Lazy")),
    "function_that_is_none": ('lambda: "resized"', "5", ("operation", "image.resize.x")),
    "library_that_is_none": (EMPTY, "libraries.add('stats', print)", ("library", "stats")),
    "twice_the_same": ('"vision.Lazy"', '"vision.Net"', ("class", "vision.Net")),
    "exception_in_the_third": (EMPTY, "1 / 0", ("ZeroDivisionError",)),
    "exit_in_the_third": (EMPTY, "raise SystemExit", ("SystemExit",)),
    "exception_in_the_last": ('operations.add("image', 'operations.ad("image', ("AttributeError", "'ad'")),
    "unknown_argument": ("plugframe_register_operations(operations)", "plugframe_register_operations(ops)", ("ops",)),
    "unknown_argument_of_a_hook": ("def render(page)", "def render(pages)", ("render", "pages")),
    "misspelt_hook": ("plugframe_register_operations(", "plugframe_register_ops(", ("plugframe_register_ops",)),
    "wrapper_that_yields_nothing": ("@hookimpl\n", "@hookimpl(wrapper=True)\n", ("render",)),
}
CONFLICTS = {
    "classes": ("vision.Net", "type('Net', (), {})"),
    "callbacks": ("progress", "print"),
    "operations": ("image.resize.x", "print"),
}


def check_that_nothing_of_x_is_registered(site: Site, *, parts: tuple[str, ...]) -> None:
    """Check that all the others and nothing of the plugin ``x`` is there, and that it can be mended."""
    host = site.host
    result = next(one for one in host.load_all() if one.plugin.name == "x")
    assert result.state == "broken"
    assert result.registered == ()
    assert all(part in result.reason for part in parts)
    assert [(one.plugin.name, one.state) for one in host.report() if one != result] == [
        ("a", "loaded"),
        ("z", "loaded"),
    ]
    tables: dict[str, Any] = {
        "classes": host.classes,
        "operations": host.ops.backend_names,
        "libraries": host.libraries,
    }
    assert not [name for table in tables.values() for name in table if "acme-x" in table.provider(name)]
    assert "acme-x" not in host.callbacks.slot("progress").provider
    assert host.hook.render(page="p") == ["acme_z: p"]
    assert not host.manager.has_plugin("x")


@pytest.mark.parametrize("case", SPOILED)
def test_plugin_that_registers_one_wrong_thing_registers_nothing(site: Site, case: str) -> None:
    old, new, parts = SPOILED[case]
    assert old in GOOD
    site.install(plugin("a"), plugin("x", GOOD.replace(old, new)), plugin("z", RENDERS))
    check_that_nothing_of_x_is_registered(site, parts=parts)
    del sys.modules["acme_x"]
    site.install({"acme_x.py": GOOD})
    assert site.load("x").registered == REGISTERED
    assert site.host.hook.render(page="p") == ["acme_z: p", "rendered by x"]


@pytest.mark.parametrize("kind", CONFLICTS)
def test_plugin_that_wants_one_name_of_another_registers_nothing(site: Site, kind: str) -> None:
    name, target = CONFLICTS[kind]
    taken = TAKEN.format(kind=kind, name=name, target=target)
    site.install(plugin("a", taken), plugin("x", GOOD), plugin("z", RENDERS))
    check_that_nothing_of_x_is_registered(site, parts=(name, "acme-a 1.0", "acme-x 1.0"))


def test_plugin_that_registers_what_its_own_metadata_declares_is_told_so(site: Site) -> None:
    site.install(plugin("x", GOOD, also={"myapp.classes": {"vision.Net": "acme_x:Net"}}))
    result = site.load("x")
    assert result.state == "loaded" or "Uninstall one of the two" not in result.reason


@pytest.mark.parametrize("word", ["provider", "get", "kind", "namespaces"])
def test_class_in_a_namespace_named_like_a_part_of_the_registry_can_be_reached_or_is_refused(
    site: Site, word: str
) -> None:
    site.install(plugin("x", GOOD.replace('"vision.Net"', f'"{word}.Net"')))
    result = site.load("x")
    assert f"{word}.Net" in result.reason or getattr(site.host.classes, word).Net.__name__ == "Net"


def test_object_that_two_entry_points_name_is_refused_the_second_time_with_both_names(site: Site) -> None:
    site.install(plugin("x", RENDERS, also={"myapp.plugins": {"x": "acme_x", "y": "acme_x"}}))
    x, y = site.host.load_all()
    assert (x.state, y.state) == ("loaded", "broken")
    assert "'x'" in y.reason
    assert site.host.hook.render(page="p") == ["acme_x: p"]
