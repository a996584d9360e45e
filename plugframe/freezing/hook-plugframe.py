"""What PyInstaller runs when an application imports plugframe; it finds the file by its name."""

from plugframe.freezing.bundles import Bundle
from plugframe.freezing.collecting import collect
from plugframe.freezing.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from plugframe.freezing.bundles import HookAPI


def hook(hook_api: "HookAPI") -> None:
    """Add to the frozen application what plugframe and the plugins of its hosts need."""
    collect(Bundle(hook_api), Settings(hook_api.analysis.hooksconfig.get("plugframe")))
