"""Findings as GitHub's workflow commands, and as SARIF 2.1.0.

Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands and
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import os
from urllib.parse import quote

from plugframe import __version__
from plugframe.records import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def github(finding: Diagnostic) -> str:
    """Return a finding as a workflow command, which GitHub shows as a warning on the file.

    Example:
        >>> print(github(Diagnostic(code="PF101", message="50% of it", path="a,b", line=3)))
        ::warning file=a%2Cb,line=3,title=PF101::50%25 of it
    """
    properties = {"file": finding.path, "line": str(finding.line or ""), "title": _title(finding)}
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::warning {given}::{_data(_whole(finding))}"


def _title(finding: Diagnostic) -> str:
    return " ".join(filter(None, (finding.code, finding.distribution)))


def _whole(finding: Diagnostic) -> str:
    """Return what is wrong, what follows and what to do, as sentences."""
    what = "; ".join(filter(None, (finding.message, finding.effect)))
    return f"{what}. Fix: {finding.fix}." if finding.fix else what


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(findings: "Sequence[Diagnostic]") -> dict[str, object]:
    """Return findings as a SARIF document."""
    rules = sorted({finding.code for finding in findings})
    driver = {"name": "plugframe", "version": __version__, "rules": [{"id": code} for code in rules]}
    results = [
        {
            "ruleId": finding.code,
            "ruleIndex": rules.index(finding.code),
            "level": "warning",
            "message": {"text": _whole(finding)},
            "locations": list(_locations(finding)),
            "properties": {"distribution": finding.distribution},
        }
        for finding in findings
    ]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _locations(finding: Diagnostic) -> "Iterator[dict[str, object]]":
    if finding.path:
        place: dict[str, object] = {"artifactLocation": {"uri": uri(finding.path)}}
        if finding.line > 0:
            place["region"] = {"startLine": finding.line}
        yield {"physicalLocation": place}


def uri(path: str) -> str:
    """Return the URI of a file, whatever bytes its name has; of a relative path, a relative one.

    Example:
        >>> uri("/opt/a b/ü")
        'file:///opt/a%20b/%C3%BC'
    """
    escaped = quote(os.fsencode(path.replace(os.sep, "/")))
    if not os.path.isabs(path):
        return escaped
    return f"file://{'' if escaped.startswith('/') else '/'}{escaped}"
