"""The mark of a hook implementation: pluggy's, and the plugins that it is to be called before and after."""

from pluggy import HookimplMarker as PluggyMarker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, overload

    F = TypeVar("F", bound=Callable[..., object])


class HookimplMarker:
    """Marks functions as implementations of the hooks of one project.

    Source: https://pluggy.readthedocs.io/en/stable/api_reference.html#pluggy.HookimplMarker

    Example:
        >>> hookimpl = HookimplMarker("myapp")
        >>> @hookimpl(before=("outline",))
        ... def render(page):
        ...     return page
        >>> render.myapp_impl["before"]
        ('outline',)
    """

    __slots__ = ("_mark", "project_name")

    def __init__(self, project_name: str) -> None:
        """Keep the project's name, which is the host's."""
        self.project_name = project_name
        self._mark = PluggyMarker(project_name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.project_name!r})"

    if TYPE_CHECKING:

        @overload
        def __call__(
            self,
            function: F,
            hookwrapper: bool = ...,  # noqa: FBT001 # pluggy's order, which callers rely on
            optionalhook: bool = ...,  # noqa: FBT001
            tryfirst: bool = ...,  # noqa: FBT001
            trylast: bool = ...,  # noqa: FBT001
            specname: str | None = ...,
            wrapper: bool = ...,  # noqa: FBT001
            *,
            before: tuple[str, ...] = ...,
            after: tuple[str, ...] = ...,
        ) -> F: ...
        @overload
        def __call__(
            self,
            function: None = ...,
            hookwrapper: bool = ...,  # noqa: FBT001
            optionalhook: bool = ...,  # noqa: FBT001
            tryfirst: bool = ...,  # noqa: FBT001
            trylast: bool = ...,  # noqa: FBT001
            specname: str | None = ...,
            wrapper: bool = ...,  # noqa: FBT001
            *,
            before: tuple[str, ...] = ...,
            after: tuple[str, ...] = ...,
        ) -> Callable[[F], F]: ...

    def __call__(
        self,
        function: "Any" = None,
        *options: "Any",
        before: tuple[str, ...] = (),
        after: tuple[str, ...] = (),
        **named: "Any",
    ) -> "Any":
        """Mark a function, or return a decorator that does.

        Args:
            function: what implements a hook; None returns a decorator.
            options: pluggy's ``hookwrapper``, ``optionalhook``, ``tryfirst``, ``trylast``, ``specname`` and
                ``wrapper``, in this order or by name.
            before: names of plugins that are called after this one; one that is not installed does not matter.
            after: names of plugins that are called before this one.
            named: pluggy's options by name.

        Raises:
            TypeError: ``before`` or ``after`` is no list of names.
        """
        order = {"before": _names("before", before), "after": _names("after", after)}

        def mark(marked: "Any") -> "Any":
            self._mark(marked, *options, **named)
            getattr(marked, f"{self.project_name}_impl").update(
                {asked: names for asked, names in order.items() if names}
            )
            return marked

        return mark if function is None else mark(function)


def _names(option: str, given: object) -> tuple[str, ...]:
    names = tuple(given) if isinstance(given, (tuple, list, set, frozenset)) else ()
    if not isinstance(given, (tuple, list, set, frozenset)) or not all(isinstance(name, str) for name in names):
        message = f"{option} is a tuple of plugins' names, such as ('outline',); got {given!r}"
        raise TypeError(message)
    return names
