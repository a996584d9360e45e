"""What became of a host's plugins, and what is raised where one is not there that the host requires."""

from plugframe.errors import RequiredPluginError
from plugframe.loading.faults import describe_refusal
from plugframe.records import LoadResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.loading.plugins import Loader
    from plugframe.policy.plugins import Plugins


def report(plugins: "Plugins", loader: "Loader | None") -> tuple[LoadResult, ...]:
    """Return what became of each plugin so far, those that are required and missing last.

    Args:
        plugins: the host's.
        loader: knows what was loaded; None where nothing was.
    """
    results = []
    for plugin in (*plugins.everything(), *plugins.missing()):
        outcome = loader.outcome(plugin) if loader else None
        if outcome is None and plugin.decision.allowed:
            results.append(LoadResult(plugin=plugin, state=plugin.state, reason=plugin.decision.reason))
        else:
            results.append(outcome.result if outcome is not None else describe_refusal(plugin))
    return tuple(results)


def check_required(plugins: "Plugins", loader: "Loader") -> None:
    """Raise where a plugin that the host requires is not there, may not run, or could not be loaded.

    In safe mode nothing is required: that the host can start at all is what it is for.

    Args:
        plugins: the host's.
        loader: knows what was loaded.

    Raises:
        RequiredPluginError: for the first of them.
    """
    for plugin in plugins.required():
        outcome = loader.outcome(plugin)
        if not plugin.decision.allowed:
            raise _error_for(describe_refusal(plugin), plugins)
        if outcome is not None and outcome.result.state not in ("loaded", "available"):
            raise _error_for(outcome.result, plugins) from outcome.error


def _error_for(result: LoadResult, plugins: "Plugins") -> RequiredPluginError:
    plugin = result.plugin
    if plugin.state == "missing":
        return RequiredPluginError(plugin.host, plugin.name, result.state, result.reason, next_step=result.next_step)
    chain = plugins.snapshot.required_by(plugin.distribution)
    return RequiredPluginError(
        plugin.host,
        plugin.name,
        result.state,
        result.reason,
        plugin=str(plugin),
        where=result.where,
        installed_by=f"it is required by {' > '.join(chain)}" if chain else "somebody asked for it",
        next_step=result.next_step,
    )
