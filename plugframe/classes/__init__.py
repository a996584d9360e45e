"""The default host's classes by namespace: ``plugframe.classes.vision.ResNet``."""

from plugframe.host import default_host

default_host.classes.mount(__name__)
