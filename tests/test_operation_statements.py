"""What the dispatch of operations promises, statement by statement."""

import itertools
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _sites import Site, plugin, site_at, together

from plugframe import Host
from plugframe.errors import (
    AmbiguousCallError,
    ImplementationMismatchError,
    NoImplementationError,
    RegistrationConflictError,
    RegistrationError,
    UnknownOperationError,
)
from plugframe.operations.resolution import contexts


@pytest.fixture
def host() -> Host:
    """Return a host without plugins."""
    return Host("myapp", path=[])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Return a site with the application."""
    with site_at(tmp_path / "site") as made:
        yield made


def declare(host: Host, name: str = "number.show") -> Any:
    """Declare an operation of one argument that says which implementation answered."""

    @host.operation(name)
    def show(value: object) -> str:
        return "object"

    return show


def add(operation: Any, **kinds: type) -> None:
    """Add an overload for each type, which says its name."""
    for name, kind in kinds.items():

        def overload(value: Any, name: str = name) -> str:
            return name

        overload.__annotations__ = {"value": kind}
        operation.overload(overload)


BACKENDS = {
    "myapp.operations": {"image.resize.acme": "acme_x_models:resize", "image.resize.other": "acme_x_models:resize"}
}


def test_1_loaded_is_part_of_registered_and_listing_loads_nothing(site: Site) -> None:
    site.install(plugin("x", also=BACKENDS), {"acme_x_models.py": "def resize(image): return 'acme'"})
    host = site.host
    resize = host.operation("image.resize")(lambda image: image)
    assert host.ops.loaded_overloads() == ()
    assert set(host.ops.registered_overloads()) == {
        "image.resize(image: Any)",
        "image.resize.acme",
        "image.resize.other",
    }
    assert (list(host.ops), len(host.ops), dir(host.ops.image), len(host.ops.image)) == (
        ["image.resize"], 1, ["resize"], 1,
    )  # fmt: skip
    assert repr(host.ops)
    assert repr(host.ops.image)
    assert "image.resize" in host.ops
    assert "resize" in host.ops.image
    assert "acme_x_models" not in sys.modules
    assert resize.using("acme")([]) == "acme"
    assert host.ops.loaded_overloads() == ("image.resize(image: Any)", "image.resize.acme")
    assert set(host.ops.loaded_overloads()) <= set(host.ops.registered_overloads())


def test_1_listing_is_safe_while_operations_are_declared_and_called(host: Host) -> None:
    declare(host, "number.first")(1)

    def work(index: int) -> None:
        for turn in range(20):
            if index % 2:
                declare(host, f"number.n{index}_{turn}")(1)
            else:
                assert set(host.ops.loaded_overloads()) <= set(host.ops.registered_overloads())
                assert "number.first" in list(host.ops)

    assert together(4, work) == [None] * 4
    for name in host.ops:
        declare(host, name.replace("number", "mid.iteration"))


def test_2_resolution_does_not_depend_on_the_order_of_registration(host: Host) -> None:
    kinds = {"int": int, "float": float, "bool": bool, "list": list}
    for number, order in enumerate(itertools.permutations(kinds)):
        show = declare(host, f"number.show{number}")
        add(show, **{name: kinds[name] for name in order})
        for _ in range(2):  # resolved, and then found by types
            values: tuple[object, ...] = (True, 1, 1.5, [], "text")
            found = [show(value) for value in values]
            assert found == ["bool", "int", "float", "list", "object"], order


def test_3_ambiguity_is_an_error_that_lists_the_candidates(host: Host) -> None:
    show = declare(host)
    show.backend("acme", lambda value: "acme")
    show.backend("numpy", lambda value: "numpy")
    with pytest.raises(AmbiguousCallError) as caught:
        show(1)
    assert isinstance(caught.value, TypeError)
    assert caught.value.candidates == ("acme(value: Any) of the host myapp", "numpy(value: Any) of the host myapp")
    assert all(
        part in str(caught.value)
        for part in (
            "'number.show'",
            "(value: int)",
            "acme",
            "numpy",
            "show.using('acme')",
            "MYAPP_BACKENDS=acme,numpy",
        )
    )


def test_3_classes_of_which_neither_is_the_narrower_are_an_ambiguity(host: Host) -> None:
    class Left: ...

    class Right: ...

    class Both(Left, Right): ...

    show = declare(host)
    add(show, left=Left, right=Right)
    assert (show(Left()), show(Right())) == ("left", "right")
    with pytest.raises(AmbiguousCallError, match=r"declare an overload that is narrower"):
        show(Both())
    add(show, both=Both)
    assert show(Both()) == "both"


def test_4_int_beats_float_for_1_and_bool_beats_int(host: Host) -> None:
    show = declare(host)
    add(show, complex=complex)
    assert [show(value) for value in (1j, 1.5, 1, True)] == ["complex"] * 4
    add(show, float=float)
    assert [show(value) for value in (1j, 1.5, 1, True)] == ["complex", "float", "float", "float"]
    add(show, int=int)
    assert [show(value) for value in (1j, 1.5, 1, True)] == ["complex", "float", "int", "int"]
    add(show, bool=bool)
    assert [show(value) for value in (1j, 1.5, 1, True)] == ["complex", "float", "int", "bool"]


def test_5_no_match_lists_every_overload_and_why(host: Host) -> None:
    def number(value: int) -> str:
        return "int"

    show: Any = host.operation("number.show")(number)
    add(show, bytes=bytes, list=list)
    show.backend("acme", lambda value: "acme", can_run=lambda value: "it has no licence")
    with pytest.raises(NoImplementationError) as caught:
        show("text")
    assert isinstance(caught.value, TypeError)
    told = str(caught.value)
    for kind in ("int", "bytes", "list"):
        for backend in ("default", "acme"):
            assert f"{backend}(value: {kind}): 'value' must be {kind}, and is str" in told
    with pytest.raises(NoImplementationError, match=r"acme\(value: int\): it has no licence"):
        show.using("acme")(1)


def test_6_late_registration_and_removal_invalidate_what_was_found(host: Host) -> None:
    show = declare(host)
    assert show(1) == "object"
    add(show, int=int)
    assert (show(1), show(1)) == ("int", "int")
    with show.backend("acme", lambda value: "acme"):
        assert (show(1), show("text")) == ("acme", "acme")
        add(show, bool=bool)
        assert show(True) == "acme"
    assert (show(1), show("text"), show(True)) == ("int", "object", "bool")


def test_6_a_class_that_is_registered_with_an_abc_later_is_seen(host: Host) -> None:
    from collections.abc import Sequence  # of this test alone

    class Mine: ...

    show = declare(host)
    add(show, sequence=Sequence)
    assert (show(Mine()), show(Mine()), show([])) == ("object", "object", "sequence")
    Sequence.register(Mine)  # pyright: ignore[reportAttributeAccessIssue] # an ABC, whatever typeshed says
    assert (show(Mine()), show([])) == ("sequence", "sequence")


def test_7_a_backend_of_an_undefined_operation_is_refused_at_registration(site: Site) -> None:
    code = """
        import plugframe

        @plugframe.hookimpl
        def plugframe_register_classes(classes):
            classes.add("vision.Net", type("Net", (), {}))

        @plugframe.hookimpl
        def plugframe_register_operations(operations):
            operations.add("image.resise.acme", lambda image: image)
    """
    site.install(plugin("x", code))
    host = site.host
    host.operation("image.resize")(lambda image: image)
    (result,) = host.load("x")
    assert result.state == "broken"
    assert "'image.resise'" in result.reason
    assert "did you mean 'image.resize'?" in result.reason
    assert "vision.Net" not in host.classes
    assert (host.ops.backends(), host.ops.undeclared()) == ((), ())


def test_7_a_backend_with_another_signature_is_refused_at_registration(site: Site) -> None:
    code = """
        import plugframe

        @plugframe.hookimpl
        def plugframe_register_operations(operations):
            @operations.add("image.resize.acme")
            def resize(image, {parameters}): ...
    """
    cases = {"height": "'width'", "width: str": "'width' is str, and it is declared to be int", "width, more": "'more'"}
    for number, parameters in enumerate(cases):
        site.install(plugin(f"x{number}", code.format(parameters=parameters)))

    host = site.host

    @host.operation("image.resize")
    def resize(image: bytes, width: int) -> bytes:
        return image[:width]

    host.refresh()
    for number, told in enumerate(cases.values()):
        (result,) = host.load(f"x{number}")
        assert result.state == "broken"
        assert "cannot implement 'image.resize'" in result.reason
        assert told in result.reason
    assert host.ops.backends() == ()
    for wrong in (lambda image: image, lambda image, height: image):
        with pytest.raises(ImplementationMismatchError, match=r"cannot implement 'image\.resize'"):
            resize.backend("acme", wrong)
        with pytest.raises(ImplementationMismatchError, match=r"cannot implement 'image\.resize'"):
            resize.fake(wrong)
        with pytest.raises(ImplementationMismatchError):
            resize.overload(wrong)


def test_7_unknown_operation_is_known_only_once_the_host_has_declared_one(host: Host) -> None:
    declare(host)
    with pytest.raises(UnknownOperationError) as caught:
        host.ops.check([_addition("number.shwo.acme")])
    assert caught.value.near == ("number.show",)
    Host("myapp", path=[]).ops.check([_addition("number.shwo.acme")])


def _addition(name: str) -> Any:
    from plugframe.namespaces.names import Addition  # of this alone

    return Addition(name=name, provider="acme 1.0", target=lambda value: value)


def test_8_duplicate_backend_raises_and_override_is_scoped_and_restores(host: Host) -> None:
    show = declare(host)
    show.backend("acme", lambda value: "first")
    with pytest.raises(RegistrationConflictError, match=r"number\.show\.acme"):
        show.backend("acme", lambda value: "second")
    assert show(1) == "first"
    with show.backend("acme", lambda value: "second", replace=True) as handle:
        assert show(1) == "second"
    assert show(1) == "first"
    handle.remove()
    assert show(1) == "first"
    with pytest.raises(RegistrationError, match=r"is declared already"):
        declare(host)
    with pytest.raises(RegistrationError, match=r"has an overload of these types already"):
        add(show, object=object)


def test_15_where_no_context_wants_anything_no_context_variable_is_read(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unread:
        def get(self) -> None:
            message = "it was read"
            raise AssertionError(message)

    one, several = declare(host, "number.one"), declare(host, "number.several")
    add(several, int=int)
    calls: list[Callable[[], object]] = [lambda: one(1), lambda: several(1), lambda: several([])]
    before = [call() for call in calls]
    monkeypatch.setattr(contexts, "wishes", Unread())
    monkeypatch.setattr(contexts, "checkers", Unread())
    assert [call() for call in calls] == before
    with pytest.raises(AssertionError, match="it was read"):
        several("a type that no call was made with")


def test_contexts_of_one_thread_do_not_touch_another(host: Host) -> None:
    show = declare(host)
    show.backend("acme", lambda value: "acme")
    inside, done = threading.Event(), threading.Event()

    def other() -> list[str]:
        inside.wait(20)
        found = [show(1) for _ in range(50)]
        done.set()
        return found

    def mine() -> list[str]:
        with warnings.catch_warnings(), host.ops.disable("acme"):
            inside.set()
            done.wait(20)
            return [show(1) for _ in range(50)]

    assert together(2, lambda index: (mine, other)[index]()) == [["object"] * 50, ["acme"] * 50]
    assert show(1) == "acme"
