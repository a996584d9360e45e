"""Errors say what failed, whose it is and what to do; they are the builtins that callers already catch, and pickle."""

import copy
import inspect
import pickle

import pytest
from _sites import fresh

from plugframe import errors
from plugframe.errors import (
    CallHookError,
    CallPlanError,
    CommandNotRunError,
    CoroutineHookError,
    DeclarationError,
    DuplicateLibraryError,
    EnvironmentNotReadableError,
    HookArgumentError,
    HookValidationError,
    LazyImportError,
    LazyModuleNotFoundError,
    LibraryError,
    LibraryFormatError,
    LibraryVersionError,
    LockError,
    LockMismatchError,
    NameNotInstalledError,
    NamespaceError,
    NativeError,
    NativeMemoryError,
    NativeTypeError,
    NativeValueError,
    NotRegisteredError,
    PlugframeError,
    PlugframeWarning,
    PluginBlockedError,
    PluginImportError,
    PluginLoadError,
    PluginModuleNotFoundError,
    PluginNotFoundError,
    ReferenceNotFoundError,
    RegistrationConflictError,
    RegistrationError,
    RequiredPluginError,
    SettingsError,
    SignatureMismatchError,
    SlotBoundError,
    UnboundSlotError,
    UnknownNameError,
    near_matches,
)

KINDS = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, BaseException)]
WHOSE = "myapp.plugins:vision from acme-vision 1.2"
REST = {
    "where": "/site/acme.py:3",
    "effect": "nothing of this plugin is available; the others are not affected",
    "next_step": "python -m pip install --upgrade acme-vision",
}
REASON = "ZeroDivisionError: division by zero"
LOAD = f"cannot load {WHOSE}: {REASON} (/site/acme.py:3). {REST['effect']}. Next: {REST['next_step']}"

# An example, the builtin that callers already catch, the whole message or the parts that it must have.
EXAMPLES: dict[type[BaseException], tuple[BaseException, type[BaseException], str | tuple[str, ...]]] = {
    LockError: (
        LockError("plugframe.lock", "there is no such lock file"),
        ValueError,
        "plugframe.lock: there is no such lock file. Next: plugframe lock",
    ),
    LockMismatchError: (
        LockMismatchError(
            "acme.models", "/site/acme/models.py", "is modified", effect="it is not run", next_step="plugframe verify"
        ),
        ImportError,
        "acme.models was not run: /site/acme/models.py is modified. it is not run. Next: plugframe verify",
    ),
    PlugframeError: (PlugframeError("it failed"), Exception, "it failed"),
    PlugframeWarning: (PlugframeWarning("look"), UserWarning, "look"),
    PluginNotFoundError: (
        PluginNotFoundError("myapp", "visoin", ("vision", "visual")),
        LookupError,
        ("myapp has no plugin named 'visoin'. Did you mean 'vision' or 'visual'? Next: plugframe list --host myapp",),
    ),
    PluginLoadError: (PluginLoadError(WHOSE, REASON, **REST), PlugframeError, LOAD),
    PluginImportError: (
        PluginImportError(WHOSE, REASON, **REST),
        ImportError,
        LOAD,
    ),
    PluginModuleNotFoundError: (
        PluginModuleNotFoundError(WHOSE, REASON, name="myapp.plugins.vision", **REST),
        ModuleNotFoundError,
        LOAD,
    ),
    NamespaceError: (
        NamespaceError("myapp.plugins", "myapp", "it is a module", "make it a folder with an __init__.py"),
        ValueError,
        (
            "'myapp.plugins' cannot be the namespace of myapp's plugins: it is a module. Next: make it a folder with an"
            " __init__.py"
        ),
    ),
    ReferenceNotFoundError: (
        ReferenceNotFoundError("acme.models", "Net.smal", ("small", "smallest")),
        AttributeError,
        ("'acme.models'", "'Net.smal'", "did you mean 'small' or 'smallest'?"),
    ),
    CallHookError: (
        CallHookError("image.resize", "post-hook acme.trace", "it returned 'x', and a result is int", plugin="acme"),
        TypeError,
        ("the post-hook acme.trace of plugin 'acme' on 'image.resize': it returned 'x', and a result is int",),
    ),
    CallPlanError: (CallPlanError("the plan is stale"), RuntimeError, "the plan is stale"),
    PluginBlockedError: (
        PluginBlockedError(WHOSE, "broken", "its entry point cannot be used: its value is empty"),
        RuntimeError,
        (WHOSE, "broken", "its value is empty", "Next: "),
    ),
    RegistrationError: (RegistrationError("acme registers nothing"), ValueError, "acme registers nothing"),
    RegistrationConflictError: (
        RegistrationConflictError("class", "vision.Net", "acme-a 1.0", "acme-x 2.0"),
        ValueError,
        ("class 'vision.Net' of acme-x 2.0 is refused", "acme-a 1.0 has registered it", "Uninstall one of the two"),
    ),
    RequiredPluginError: (
        RequiredPluginError(
            "myapp",
            "vision",
            "disabled",
            "it is slow",
            plugin=WHOSE,
            where="/site/entry_points.txt",
            installed_by="it is required by acme",
            next_step="plugframe enable vision --host myapp",
        ),
        RuntimeError,
        (
            f"myapp requires the plugin 'vision', and it, {WHOSE}, is disabled: it is slow (/site/entry_points.txt). "
            "myapp does not go on without it. it is required by acme. Next: plugframe enable vision --host myapp"
        ),
    ),
    UnknownNameError: (
        UnknownNameError("visoin", "no plugin is named 'visoin'\nnext: plugframe list --all"),
        LookupError,
        "no plugin is named 'visoin'\nnext: plugframe list --all",
    ),
    SettingsError: (
        SettingsError("/home/me/plugframe.toml", "it has a key 'disabel' that nothing reads"),
        ValueError,
        "/home/me/plugframe.toml cannot be used: it has a key 'disabel' that nothing reads. Next: mend it there",
    ),
    SlotBoundError: (
        SlotBoundError("progress", "acme-a 1.0", "acme-x 2.0"),
        RegistrationConflictError,
        (
            "slot 'progress' is bound to a function of acme-a 1.0; that of acme-x 2.0 is refused",
            "replace=True",
            "uninstall one of the two",
        ),
    ),
    SignatureMismatchError: (
        SignatureMismatchError(
            "progress", "acme-x 2.0", "it does not accept progress(…)", signature="(done: int, total: int)"
        ),
        ValueError,
        (
            "slot progress(done: int, total: int) cannot have the function of acme-x 2.0: ",
            "it does not accept progress(…)",
        ),
    ),
    UnboundSlotError: (
        UnboundSlotError("myapp", "progress"),
        RuntimeError,
        ("the slot 'progress' of myapp must be bound", "myapp.callbacks", "Next: plugframe list --host myapp --all"),
    ),
    NotRegisteredError: (
        NotRegisteredError("class", "vision.Nett", ("vision.Net",)),
        AttributeError,
        "no class named 'vision.Nett' is registered; did you mean 'vision.Net'?",
    ),
    HookValidationError: (
        HookValidationError(
            "render",
            "plugin 'vision' from acme-vision 1.0",
            "it takes an argument 'pge' that the hook does not have",
            where="/site/acme.py:3",
            specification="/site/myapp.py:9",
        ),
        ValueError,
        (
            "hook 'render' of plugin 'vision' from acme-vision 1.0 (/site/acme.py:3): it takes an argument 'pge' that ",
            "that the hook does not have. The hook is specified at /site/myapp.py:9",
        ),
    ),
    HookArgumentError: (
        HookArgumentError("render", "plugin 'vision' from acme-vision 1.0", "page"),
        TypeError,
        "hook 'render' must be called with 'page': plugin 'vision' from acme-vision 1.0 takes it",
    ),
    CoroutineHookError: (
        CoroutineHookError("render", "plugin 'vision' from acme-vision 1.0"),
        TypeError,
        ("hook 'render'", "plugin 'vision' from acme-vision 1.0", "Next: await host.hook.render.acall(...)"),
    ),
    DeclarationError: (
        DeclarationError("acme", "class", "it is no identifier"),
        ValueError,
        "acme cannot declare the name 'class': it is no identifier",
    ),
    LazyImportError: (
        LazyImportError(
            "acme.plot", "ModuleNotFoundError: No module named 'pylab'", package="acme.draw", extra="figures"
        ),
        ImportError,
        "cannot import acme.plot: ModuleNotFoundError: No module named 'pylab'. Next: pip install 'acme[figures]'",
    ),
    LazyModuleNotFoundError: (
        LazyModuleNotFoundError(
            "numpy",
            "ModuleNotFoundError: numpy 1.0 is installed, and 'numpy>=2' is required",
            requirement="numpy>=2",
            where="/site/acme.py:3",
        ),
        ModuleNotFoundError,
        ("numpy 1.0 is installed", "(lazily loaded at /site/acme.py:3)", "Next: pip install 'numpy>=2'"),
    ),
    EnvironmentNotReadableError: (
        EnvironmentNotReadableError("/usr/bin/nothing", "it is no interpreter"),
        OSError,
        ("cannot read the environment of '/usr/bin/nothing': it is no interpreter.", "Next: name its"),
    ),
    NameNotInstalledError: (
        NameNotInstalledError("visoin", "/venv", near=("vision",)),
        LookupError,
        ("'visoin' is not in /venv", "Did you mean 'vision'?", "Next: plugframe list --groups"),
    ),
    CommandNotRunError: (
        CommandNotRunError("pytset", "there is no such file or command"),
        OSError,
        "cannot run 'pytset': there is no such file or command. Next: name a command of the environment, or its path",
    ),
    LibraryError: (LibraryError("/x/a.so", "it is cut off"), OSError, "cannot load the library /x/a.so: it is cut off"),
    LibraryFormatError: (
        LibraryFormatError("/x/a.so", "it is empty"),
        OSError,
        "cannot load the library /x/a.so: it is empty",
    ),
    LibraryVersionError: (
        LibraryVersionError("/x/a.so", "2.0", "1.3"),
        LibraryError,
        ("cannot load the library /x/a.so: it was built for version 2.0 of the plugin ABI, and", "takes 1.0 to 1.3"),
    ),
    DuplicateLibraryError: (
        DuplicateLibraryError("/x/b.so", "a copy of b.so", "/x/a.so"),
        LibraryError,
        ("cannot load the library /x/b.so: a copy of b.so is loaded from /x/a.so already", "only one of it"),
    ),
    NativeError: (NativeError("stats.total", "no disk"), RuntimeError, "stats.total: no disk"),
    NativeTypeError: (NativeTypeError("stats.total", "no number"), TypeError, "stats.total: no number"),
    NativeValueError: (NativeValueError("stats.total", "too large"), ValueError, "stats.total: too large"),
    NativeMemoryError: (NativeMemoryError("stats.total", "no memory"), MemoryError, "stats.total: no memory"),
}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[BaseException]:
    """Return each class of ``errors``."""
    assert request.param in EXAMPLES, "add an example of the new error above"
    found: type[BaseException] = request.param
    return found


def attributes(error: BaseException) -> dict[str, object]:
    """Return what an error carries, whether in its dictionary or in a field of a builtin."""
    made = type(error).__init__
    names = {*vars(error), *(inspect.signature(made).parameters if inspect.isfunction(made) else ())} - {"self"}
    return {name: getattr(error, name) for name in names}


def test_error_is_one_of_plugframes_and_the_builtin_that_callers_catch(kind: type[BaseException]) -> None:
    error, builtin, _ = EXAMPLES[kind]
    assert isinstance(error, builtin)
    assert isinstance(error, PlugframeError | PlugframeWarning)
    assert kind.__doc__


def test_message_names_what_whose_and_the_next_step(kind: type[BaseException]) -> None:
    error, _, expected = EXAMPLES[kind]
    if isinstance(expected, str):
        assert str(error) == expected
    else:
        assert [part for part in expected if part not in str(error)] == []


def test_error_keeps_what_it_was_made_of(kind: type[BaseException]) -> None:
    error, builtin, _ = EXAMPLES[kind]
    if kind.__init__ not in (builtin.__init__, Exception.__init__):
        assert set(attributes(error)) >= set(inspect.signature(kind).parameters)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_error_pickles_with_its_attributes_notes_and_message(kind: type[BaseException], protocol: int) -> None:
    error = EXAMPLES[kind][0]
    error.__notes__ = ["seen before"]
    for other in (pickle.loads(pickle.dumps(error, protocol)), copy.copy(error), copy.deepcopy(error)):
        assert type(other) is kind
        assert str(other) == str(error)
        assert attributes(other) == attributes(error)
        assert other.args == error.args


def test_error_that_was_raised_pickles(kind: type[BaseException]) -> None:
    with pytest.raises(kind) as caught:
        raise EXAMPLES[kind][0]
    assert attributes(pickle.loads(pickle.dumps(caught.value))) == attributes(caught.value)


def test_group_of_failures_pickles() -> None:
    group = ExceptionGroup(
        "2 of the plugins could not be loaded", [PluginLoadError(WHOSE, "a"), PluginImportError(WHOSE, "b")]
    )
    other = pickle.loads(pickle.dumps(group))
    assert [str(error) for error in other.exceptions] == [str(error) for error in group.exceptions]


def test_messages_without_their_optional_parts_have_no_gaps() -> None:
    for error in (
        PluginNotFoundError("myapp", "x"),
        PluginLoadError(WHOSE, "it failed"),
        PluginLoadError(WHOSE, "it failed", next_step="pip"),
        PluginLoadError(WHOSE, "it failed", effect="it is off"),
        ReferenceNotFoundError("acme", "x"),
        NotRegisteredError("class", "x"),
    ):
        text = str(error)
        assert text == " ".join(text.split())
        assert not [wrong for wrong in ("()", "..", " .", "''", ": .", "mean") if wrong in text]


def test_making_an_error_and_its_message_imports_nothing() -> None:
    told = fresh(
        f"""
        import sys
        import plugframe.errors as errors
        known = set(sys.modules)
        made = [
            errors.PlugframeError("x"), errors.PlugframeWarning("x"), errors.PluginNotFoundError("myapp", "x", ("y",)),
            errors.PluginLoadError({WHOSE!r}, "x", where="y", effect="z", next_step="w"),
            errors.PluginImportError({WHOSE!r}, "x"), errors.ReferenceNotFoundError("acme", "x", ("y",)),
            errors.PluginBlockedError({WHOSE!r}, "broken", "x"), errors.RegistrationError("x"),
            errors.RegistrationConflictError("class", "x", "a", "b"), errors.NotRegisteredError("class", "x", ("y",)),
            errors.EnvironmentNotReadableError("x", "y"), errors.HookValidationError("x", "y", "z"),
            errors.CoroutineHookError("x", "y"), errors.DeclarationError("x", "y", "z"),
            errors.LazyImportError("x", "y"), errors.LazyModuleNotFoundError("x", "y", package="z", extra="z[w]"),
            errors.PluginModuleNotFoundError("x", "y", name="z"), errors.NamespaceError("x", "y", "z"),
            errors.HookArgumentError("x", "y", "z"),
            errors.NameNotInstalledError("x", "y", near=("z",)), errors.CommandNotRunError("x", "y"),
            errors.LazyImportError("x", "y"), errors.SlotBoundError("x", "a", "b"),
            errors.SignatureMismatchError("x", "y", "z"), errors.UnboundSlotError("x", "y"),
            errors.LazyImportError("x", "y"),
            errors.LockError("x", "y"), errors.LockMismatchError("x", "y", "z"),
            errors.LibraryError("x", "y"), errors.LibraryFormatError("x", "y"), errors.NativeError("x", "y"),
            errors.LibraryVersionError("x", "2.0", "1.0"), errors.DuplicateLibraryError("x", "y", "z"),
            errors.CallHookError("x", "y", "z", plugin="w"), errors.CallPlanError("x"),
            errors.NativeTypeError("x", "y"), errors.NativeValueError("x", "y"), errors.NativeMemoryError("x", "y"),
            errors.SettingsError("x", "y"), errors.UnknownNameError("x", "y"),
            errors.RequiredPluginError("x", "y", "z", "w"),
        ]
        assert all(map(str, made)) and all(map(repr, made))
        kinds = {{one for one in vars(errors).values() if isinstance(one, type)}}
        print(kinds - set(map(type, made)), set(sys.modules) - known)
        """
    )
    assert told == "set() set()\n"


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("visoin", ("vision", "audio"), ("vision",)),
        ("VISION", ("vision",), ("vision",)),
        ("visoin", ("Vision", "vision"), ("Vision",)),
        ("x", ("vision",), ()),
        ("", ("vision",), ()),
        ("x", (), ()),
        ("abcd", ("zzz", "abxy", "abcx", "xbcd"), ("abcx", "xbcd")),
    ],
)
def test_names_that_are_like_a_name_are_found_best_first(
    name: str, known: tuple[str, ...], near: tuple[str, ...]
) -> None:
    assert near_matches(name, known) == near


def test_of_many_names_that_are_like_a_name_three_are_told() -> None:
    assert len(near_matches("abcd", tuple(f"abc{letter}" for letter in "efghij"))) == len("123")
