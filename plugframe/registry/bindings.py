"""Who bound which function to which slot: what entry points declare, and over it what was bound from code."""

import threading
from functools import cache, partial

from plugframe.errors import NotRegisteredError, SlotBoundError
from plugframe.namespaces.names import Addition
from plugframe.namespaces.references import References

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Stacks = dict[str, tuple["Binding", ...]]


class Binding:
    """A function that somebody bound to a slot. Two are the same only if they are one object, or one declaration.

    Attributes:
        name: the slot's.
        provider: whose it is.
        load: returns the function; imports it, where it was given by a reference.
        is_reference: whether it was.
        addition: what it was made of; None where an entry point declares it.
    """

    __slots__ = ("addition", "is_reference", "load", "name", "provider")

    def __init__(
        self,
        name: str,
        provider: str,
        load: "Callable[[], Any]",
        *,
        is_reference: bool,
        addition: "Addition | None" = None,
    ) -> None:
        self.name = name
        self.provider = provider
        self.load = load
        self.is_reference = is_reference
        self.addition = addition

    @property
    def is_declared(self) -> bool:
        """Whether an entry point declares it."""
        return self.addition is None

    def is_same(self, other: "Binding | None") -> bool:
        """Return whether both are one."""
        declared = other is not None and self.is_declared and other.is_declared
        return self is other or (declared and other is not None and self.provider == other.provider)


class Bindings:
    """A stack of bindings for each name; the newest counts, and what an entry point declares lies lowest.

    What is declared is looked for at the first use, and again after ``refill``. No lock is held while that is done, nor
    while anybody is told of a change.
    """

    def __init__(
        self,
        *,
        resolve: "Callable[[Addition], object]",
        fill: "Callable[[], Iterable[Addition]]",
        glimpse: "Callable[[], Iterable[Addition]]",
        explain: "Callable[[str], str]" = lambda _: "",
    ) -> None:
        """Make empty stacks.

        Args:
            resolve: imports what an addition refers to.
            fill: returns what entry points declare, whose names count until ``refill``.
            glimpse: returns the same without deciding anything; asked while nothing else was.
            explain: returns who would bind something to a slot and may not, one or more sentences.
        """
        self.explain = explain
        self._declared = References("callback", resolve=self._import, fill=fill)
        self._resolve = resolve
        self._look = glimpse
        self._glimpsed: dict[str, str] | None = None
        self._is_filled = False
        self._lock = threading.RLock()
        self._stacks: Stacks = {}
        self._check: Callable[[str, Any, str], None] = _ignore
        self._tell: Callable[[Iterable[str] | None], None] = _ignore

    def observe(
        self, *, check: "Callable[[str, Any, str], None]", tell: "Callable[[Iterable[str] | None], None]"
    ) -> None:
        """Let somebody look at what is bound.

        Args:
            check: takes a name, a function and whose it is, and raises if it does not fit.
            tell: takes the names that changed; None means any.
        """
        self._check, self._tell = check, tell

    def commit(self, additions: "Iterable[Addition]", *, replace: bool = False) -> "list[Binding]":
        """Bind several functions, or none of them.

        Args:
            additions: what to bind; one whose ``replaces`` is true goes over what is bound.
            replace: whether all do.

        Returns:
            A binding for each, in order, to be removed by.

        Raises:
            SlotBoundError: a name is bound already, or is among them twice, and is not to be replaced.
            Exception: whatever the observer raises.
        """
        wanted = tuple(additions)
        if not wanted:
            return []
        for addition in wanted:
            if not isinstance(addition.target, str):  # A reference is checked when it is used.
                self._check(addition.name, addition.target, addition.provider)
        declared = {addition.name: self._find_declared(addition.name) for addition in wanted}
        made = [(self._bind(one), replace or one.replaces) for one in wanted]
        self._exchange(lambda stacks: _stack(stacks, declared, made))
        self._tell({binding.name for binding, _ in made})
        return [binding for binding, _ in made]

    def _bind(self, addition: Addition) -> Binding:
        target = addition.target
        is_reference = isinstance(target, str)
        load = cache(partial(self._import, addition)) if is_reference else lambda: target
        return Binding(addition.name, addition.provider, load, is_reference=is_reference, addition=addition)

    def _import(self, addition: Addition) -> object:
        # What does not fit is not kept: when it was mended, it can be had.
        function = self._resolve(addition)
        self._check(addition.name, function, addition.provider)
        return function

    def _exchange(self, change: "Callable[[Stacks], Stacks]") -> None:
        before = None
        with self._lock:
            # A finalizer may come between, in this thread, and bind or remove something: then it is done again.
            while before is not self._stacks:
                before = self._stacks
                after = change(before)
                if before is self._stacks:
                    self._stacks = before = after

    def remove(self, binding: Binding) -> None:
        """Take one binding away, wherever it lies in its stack; do nothing when it is gone."""
        self._drop(lambda one: one is binding)

    def forget(self, provider: str) -> None:
        """Take away what one provider bound from code."""
        self._drop(lambda one: one.provider == provider)

    def withdraw(self, addition: Addition) -> None:
        """Take away what was made of one addition; do nothing when it is gone."""
        self._drop(lambda one: one.addition is addition)

    def _drop(self, unwanted: "Callable[[Binding], bool]") -> None:
        touched: set[str] = set()

        def without(stacks: "Stacks") -> "Stacks":
            left = {name: tuple(one for one in stack if not unwanted(one)) for name, stack in stacks.items()}
            touched.update(name for name, stack in stacks.items() if len(left[name]) < len(stack))
            return {name: stack for name, stack in left.items() if stack}

        self._exchange(without)
        self._tell(touched)

    def refill(self) -> None:
        """Look again at what entry points declare; what was bound from code stays."""
        self._declared.refill()
        self._glimpsed = None
        self._tell(None)

    def find(self, name: str) -> Binding | None:
        """Return what counts for a name, or None; nothing is imported to tell."""
        declared = self._find_declared(name)  # first, since looking may let others bind something
        stack = self._stacks.get(name)
        return stack[-1] if stack else declared

    def glimpse(self, name: str) -> Binding | None:
        """Return the same as ``find``, without deciding what is declared if nothing else has."""
        stack = self._stacks.get(name)
        if stack:
            return stack[-1]
        if self._is_filled:
            return self._find_declared(name)
        glimpsed = self._glimpsed
        if glimpsed is None:
            glimpsed = {}
            for addition in self._look():
                glimpsed.setdefault(addition.name, addition.provider)
            self._glimpsed = glimpsed
        return self._declare(name, glimpsed[name]) if name in glimpsed else None

    def _find_declared(self, name: str) -> Binding | None:
        self.fill()
        try:
            return self._declare(name, self._declared.provider(name))
        except NotRegisteredError:
            return None

    def _declare(self, name: str, provider: str) -> Binding:
        return Binding(name, provider, lambda: self._declared.get(name), is_reference=True)

    def fill(self) -> None:
        """Look at what entry points declare, if nothing has so far."""
        if not self._is_filled:
            len(self._declared)
            self._is_filled, self._glimpsed = True, None
            self._tell(None)

    def __contains__(self, name: object) -> bool:
        return name in set(self)

    def __iter__(self) -> "Iterator[str]":
        self.fill()
        return iter(sorted({*self._declared, *self._stacks}))

    def __len__(self) -> int:
        return len(set(self))

    def __repr__(self) -> str:
        return f"<bindings: {', '.join(self) or 'none'}>"


def _ignore(*_: object) -> None:
    pass


def _stack(stacks: "Stacks", declared: "dict[str, Binding | None]", made: "Iterable[tuple[Binding, bool]]") -> "Stacks":
    """Return the stacks with bindings on them.

    Raises:
        SlotBoundError: one is neither the first of its name nor to replace what is there.
    """
    after = dict(stacks)
    for binding, replaces in made:
        stack = after.get(binding.name, ())
        present = stack[-1] if stack else declared[binding.name]
        if present is not None and not replaces:
            raise SlotBoundError(binding.name, present.provider, binding.provider)
        after[binding.name] = (*stack, binding)
    return after
