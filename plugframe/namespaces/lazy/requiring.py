"""Whether what is installed meets a requirement."""


def check_requirement(written: str) -> None:
    """Make sure that a distribution is installed as required.

    Args:
        written: PEP 508; one whose marker does not hold here requires nothing.

    Raises:
        ModuleNotFoundError: it is not installed, or in another version.
        ValueError: it is no requirement.

    Source: https://peps.python.org/pep-0508/
    """
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import Requirement

    requirement = Requirement(written)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        message = f"no distribution named {requirement.name!r} is installed, and {written!r} is required"
        raise ModuleNotFoundError(message) from None
    if not requirement.specifier.contains(installed, prereleases=True):
        message = f"{requirement.name} {installed} is installed, and {written!r} is required"
        raise ModuleNotFoundError(message)
