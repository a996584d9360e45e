"""The protocol of generators that run around a call, step by step.

A wrapper is started up to its one ``yield``, and left with the result or the exception of what it encloses.

Source: https://pluggy.readthedocs.io/en/stable/#wrappers
"""

__tracebackhide__ = True  # pytest's reports are of those who call hooks and who implement them

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, NoReturn

    Wrapper = Generator[None, object, Any]


# Past any __setattr__ that an exception's class may have.
set_context: "Callable[[BaseException, BaseException | None], None]" = vars(BaseException)["__context__"].__set__


def start(wrapper: "Wrapper") -> None:
    """Run a wrapper up to its yield.

    Raises:
        RuntimeError: it ended without one.
        BaseException: whatever it raises.
    """
    try:
        next(wrapper)
    except StopIteration:
        refuse(wrapper, "did not yield")


def refuse(wrapper: "Wrapper", fault: str) -> "NoReturn":
    """Raise for a wrapper that does not yield exactly once.

    Raises:
        RuntimeError: always, in the words of pluggy.
    """
    code = wrapper.gi_code  # type: ignore[attr-defined] # what pluggy asks of a wrapper, a generator, too
    message = f"wrap_controller at {code.co_name!r} {code.co_filename}:{code.co_firstlineno} {fault}"
    raise RuntimeError(message)


def raise_as_it_is(error: BaseException, context: BaseException | None) -> "NoReturn":
    """Raise an exception that was caught before, with the context that it had: raising sets another one.

    Raises:
        BaseException: always that one.
    """
    try:
        raise error
    finally:
        set_context(error, context)
        del error, context


def leave(wrapper: "Wrapper", result: object, failure: BaseException | None) -> tuple[object, BaseException | None]:
    """Run a wrapper from its yield to its end.

    No exception is being handled while its code runs, so that what it raises gets the context that it sees itself.

    Args:
        wrapper: one that was started.
        result: what the enclosed steps came to, if they did not fail.
        failure: the exception that they raised, or None.

    Returns:
        The result and the exception to hand on; the result counts where there is no exception.

    Raises:
        RuntimeError: it yielded again.
    """
    try:
        if failure is None:
            wrapper.send(result)
        else:
            try:
                wrapper.throw(failure)
            except RuntimeError as error:
                # A StopIteration that passes through a generator comes out as the cause of a RuntimeError (PEP 479).
                if not isinstance(failure, StopIteration) or error.__cause__ is not failure:
                    raise
                wrapper.close()
                return result, failure
        wrapper.close()
    except StopIteration as stop:
        return stop.value, None
    except BaseException as error:  # noqa: BLE001 # it is handed on to the wrapper around this one
        return result, error
    return refuse(wrapper, "has second yield")
