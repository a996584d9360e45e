"""A host's hooks by name: ``host.hook.render(page="<p>")``."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.hooks.hosted.typed import OpenHook
    from plugframe.loading.registration import Registration


class Hooks:
    """The hooks of a host by name; what is specified, declared or implemented can be called.

    Names that begin with an underscore are nobody's: whoever looks at an object for such loads nothing.
    """

    if TYPE_CHECKING:
        _host: str
        _registration: Registration

        def __setattr__(self, name: str, value: OpenHook) -> None: ...

    def __init__(self, host: str, registration: "Registration") -> None:
        """Show the hooks that a host has registered."""
        self.__dict__["_host"] = host
        self.__dict__["_registration"] = registration

    def __getattr__(self, name: str) -> "OpenHook":
        if name.startswith("_"):
            message = f"the hooks of a host have no {name!r}"  # which there is none of yet while they are copied
            raise AttributeError(message, name=name, obj=self)
        function: OpenHook = self._registration.hook(name)
        if hasattr(function, "__wrapped__"):  # Of one without a specification another may come with it.
            self.__dict__[name] = function
        return function

    def __dir__(self) -> list[str]:
        return list(self._registration.hook_names())

    def __repr__(self) -> str:
        return f"<hooks of {self._host}>"
