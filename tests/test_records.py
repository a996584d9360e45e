"""Records are values: frozen, slotted, equal by content, hashable, picklable, printable."""

import copy
import inspect
import pickle
from collections.abc import Mapping
from typing import Any
from unittest.mock import ANY

import pytest
from _sites import fresh
from hypothesis import given, settings
from hypothesis import strategies as st

from plugframe import records
from plugframe.records import (
    Changes,
    Decision,
    Diagnostic,
    Distribution,
    EntryPoint,
    LoadResult,
    Plugin,
    Record,
    split_reference,
)

KINDS = [kind for kind in vars(records).values() if inspect.isclass(kind) and kind.__base__ is Record]

DISTRIBUTION = Distribution(
    name="acme-vision",
    version="1.2",
    key="acme_vision",
    location="/site",
    metadata_path="/site/acme_vision-1.2.dist-info",
    url="https://example.org/acme",
    requested=True,
    requires=("numpy>=2", "torch; extra == 'gpu'"),
)
ENTRY_POINT = EntryPoint(
    group="myapp.plugins", name="vision", value="acme:plugin.inner [a, b-c]", distribution=DISTRIBUTION
)
PLUGIN = Plugin(
    host="myapp",
    name="vision",
    entry_point=ENTRY_POINT,
    decision=Decision(state="available"),
    provides={"hooks": ("render",), "classes": ("vision.Net",)},
)
EXAMPLES: dict[type[Record], Record] = {
    Distribution: DISTRIBUTION,
    EntryPoint: ENTRY_POINT,
    Decision: Decision(state="broken", reason="its value is empty"),
    Plugin: PLUGIN,
    Diagnostic: Diagnostic(code="PF101", message="it is not UTF-8", path="/site/x", line=3, distribution="acme"),
    LoadResult: LoadResult(plugin=PLUGIN, state="loaded", registered=("classes:vision.Net",), seconds=0.5),
    Changes: Changes(added=("a",), removed=("b", "c")),
}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def record(request: pytest.FixtureRequest) -> Record:
    """Return an example of each kind of record."""
    assert request.param in EXAMPLES, "add an example of the new record above"
    return EXAMPLES[request.param]


def test_fields_cannot_be_set_deleted_or_added(record: Record) -> None:
    before = record.values()
    for name in (*record.__slots__, "other"):
        with pytest.raises(AttributeError, match="frozen"):
            setattr(record, name, None)
        with pytest.raises(AttributeError, match="frozen"):
            delattr(record, name)
    assert record.values() == before
    assert not hasattr(record, "__dict__")


def test_equal_fields_make_equal_records_with_one_hash(record: Record) -> None:
    for other in (record.replace(), copy.copy(record), copy.deepcopy(record), pickle.loads(pickle.dumps(record))):
        assert other == record
        assert hash(other) == hash(record)
        assert {other, record} == {record}
        assert type(other) is type(record)
    assert repr(record.replace()) == repr(record)


def test_record_differs_from_one_with_another_value_and_from_other_things(record: Record) -> None:
    for name in record.__slots__:
        assert record.replace(**{name: {"other": ()} if name == "provides" else "something else"}) != record
    assert record != record.values()
    assert record != "text"
    assert len({*EXAMPLES.values()}) == len(EXAMPLES)


def test_comparison_with_a_foreign_object_is_left_to_that_object(record: Record) -> None:
    assert record == ANY
    assert [record] == [ANY]


def test_replace_with_an_unknown_field_is_refused_by_name(record: Record) -> None:
    with pytest.raises(TypeError, match="nothing_like_it"):
        record.replace(nothing_like_it=1)


def test_fields_must_be_named_and_complete(record: Record) -> None:
    kind: Any = type(record)
    with pytest.raises(TypeError):
        kind(*record.values())
    with pytest.raises(TypeError):
        kind(**record.asdict(), other=1)


def test_fields_are_told_in_order(record: Record) -> None:
    assert tuple(record.asdict()) == tuple(record.__slots__)
    assert tuple(record.asdict().values()) == record.values()
    assert repr(record).startswith(f"{type(record).__name__}({record.__slots__[0]}=")


def test_record_holds_nothing_that_can_be_changed(record: Record) -> None:
    for value in copy.deepcopy(record).values():
        assert isinstance(value, str | int | float | tuple | Record | Mapping | None)
        if isinstance(value, Mapping):
            changing: Any = value
            with pytest.raises(TypeError):
                changing["hooks"] = ()


def test_order_of_what_a_plugin_provides_does_not_count() -> None:
    turned = PLUGIN.replace(provides=dict(reversed(list(PLUGIN.provides.items()))))
    assert turned == PLUGIN
    assert hash(turned) == hash(PLUGIN)


def test_equal_numbers_of_different_types_make_one_hash() -> None:
    whole, broken = (LoadResult(plugin=PLUGIN, state="loaded", seconds=seconds) for seconds in (1, 1.0))
    assert whole == broken
    assert hash(whole) == hash(broken)


TEXT = st.text(max_size=8)


@settings(max_examples=100, deadline=None, database=None)
@given(TEXT, TEXT, st.lists(TEXT, max_size=3).map(tuple), st.booleans() | st.none())
def test_any_text_survives_pickling(name: str, version: str, requires: tuple[str, ...], requested: bool | None) -> None:  # noqa: FBT001 # hypothesis passes by position
    one = DISTRIBUTION.replace(name=name, version=version, requires=requires, requested=requested)
    other = pickle.loads(pickle.dumps(one))
    assert (other, hash(other), repr(other), str(other)) == (one, hash(one), repr(one), str(one))


def test_records_unpickle_in_a_fresh_process_that_imports_no_plugin() -> None:
    kept = pickle.dumps(EXAMPLES[LoadResult])
    told = fresh(f"import pickle, sys; print(pickle.loads({kept!r}), 'acme' in sys.modules)")
    assert told == "loaded: myapp.plugins:vision from acme-vision 1.2 False\n"


def test_records_say_what_a_person_needs() -> None:
    assert str(DISTRIBUTION) == "acme-vision 1.2"
    assert str(DISTRIBUTION.replace(version="")) == "acme-vision"
    assert str(ENTRY_POINT) == str(PLUGIN) == "myapp.plugins:vision from acme-vision 1.2"
    assert str(EXAMPLES[Diagnostic]) == "PF101 acme: it is not UTF-8 (/site/x:3)"
    assert str(EXAMPLES[Diagnostic].replace(line=0, distribution="")) == "PF101 it is not UTF-8 (/site/x)"
    place = "/site/acme.py:1"
    broken = LoadResult(
        plugin=PLUGIN, state="broken", reason="ImportError: no", where=place, effect="it is off", next_step="pip"
    )
    assert str(broken).splitlines() == [
        "broken: myapp.plugins:vision from acme-vision 1.2",
        "  reason: ImportError: no",
        "  where:  /site/acme.py:1",
        "  effect: it is off",
        "  next:   pip",
    ]
    assert str(broken.replace(where="", effect="", next_step="")).splitlines()[1:] == ["  reason: ImportError: no"]


def test_parts_of_a_plugin_and_of_an_entry_point_are_at_hand() -> None:
    assert (ENTRY_POINT.module, ENTRY_POINT.attribute, ENTRY_POINT.extras) == ("acme", "plugin.inner", ("a", "b-c"))
    assert (PLUGIN.distribution, PLUGIN.state) == (DISTRIBUTION, "available")
    assert [Decision(state=state).allowed for state in ("available", "disabled", "broken")] == [True, False, False]
    assert (bool(Changes()), bool(Changes(changed=("x",)))) == (False, True)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        ("acme", ("acme", "", ())),
        ("acme.models:Net.small", ("acme.models", "Net.small", ())),
        (" acme : Net [ x ,, y ] ", ("acme", "Net", ("x", "y"))),
        ("acme [x]", ("acme", "", ("x",))),
        ("", ("", "", ())),
        (":Net", ("", "Net", ())),
    ],
)
def test_reference_is_split_into_its_parts(value: str, parts: tuple[object, ...]) -> None:
    assert split_reference(value) == parts
