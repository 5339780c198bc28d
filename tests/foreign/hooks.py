"""What schemathesis has to be told about Fullmakt."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, value):
    """A text is sent as it is; of anything else, the JSON in one line."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return (json.dumps(value) + "\n").encode()


@schemathesis.hook
def map_headers(_context, headers):
    """A revision that has not been is waited for, for two seconds: most are made such as have been."""
    asked = (headers or {}).get("At-Least-Revision")
    if asked is not None and str(asked).isascii() and str(asked).isdigit():
        headers["At-Least-Revision"] = str(int(asked) % 24)
    return headers


@schemathesis.hook
def filter_case(_context, case):
    """A header that a server does not know is none of its business (RFC 9110, section 5.1): it is not to be refused."""
    return not any(name.lower().startswith("x-schemathesis-unknown") for name in case.headers or {})
