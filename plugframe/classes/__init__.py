"""The default host's classes by namespace: ``plugframe.classes.vision.ResNet``."""

from plugframe.host import default_host

__getattr__, __dir__ = default_host.classes.__getattr__, default_host.classes.namespaces
