"""Resources: what can be read at a URI, and templates of such URIs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from . import late
from ._narrow import is_list, kind_of
from ._record import Record
from .docstring import parse_docstring
from .exceptions import ConfigError, ResourceError
from .jsonable import dumps
from .marks import mark_with_uri
from .media import File, to_base64
from .parameters import Function, read_function
from .plan import Plan, make_plan
from .tools import named, with_tags
from .types import Annotations, Icon, as_json
from .uri import UriTemplate

if TYPE_CHECKING:
    from .auth import AuthCheck
    from .fixed import BinaryResource as BinaryResource
    from .fixed import DirectoryResource as DirectoryResource
    from .fixed import FileResource as FileResource

__all__ = [
    "BinaryResource",
    "DirectoryResource",
    "FileResource",
    "Resource",
    "ResourceContent",
    "ResourceResult",
    "ResourceSecurity",
    "ResourceTemplate",
    "TextResource",
    "resource",
]

F = TypeVar("F", bound=Callable[..., Any])


class ResourceContent:
    """One part of what a resource holds: text, bytes, or data that becomes JSON text."""

    __slots__ = ("content", "meta", "mime_type")

    def __init__(
        self, content: Any, mime_type: str | None = None, meta: Mapping[str, Any] | None = None
    ) -> None:
        is_data = not isinstance(content, (str, bytes))
        self.content: str | bytes = dumps(content) if is_data else content
        self.mime_type = mime_type or ("application/json" if is_data else None)
        self.meta = dict(meta) if meta is not None else None

    def to_dict(self, uri: str, mime_type: str | None) -> dict[str, Any]:
        """The protocol's own form, at `uri`."""
        mime = self.mime_type or mime_type
        out: dict[str, Any] = {"uri": uri, **({"mimeType": mime} if mime else {})}
        is_text = isinstance(self.content, str)
        out["text" if is_text else "blob"] = (
            self.content if isinstance(self.content, str) else to_base64(self.content)
        )
        return {**out, "_meta": self.meta} if self.meta else out

    def __repr__(self) -> str:
        return f"ResourceContent({self.content!r}, {self.mime_type!r}, {self.meta!r})"


class ResourceResult:
    """What a resource holds, said in full."""

    __slots__ = ("contents", "meta")

    def __init__(
        self,
        contents: str | bytes | Iterable[ResourceContent],
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        is_one = isinstance(contents, (str, bytes))
        listed: Iterable[Any] = [contents] if is_one else contents
        self.contents: list[ResourceContent] = [
            one if isinstance(one, ResourceContent) else ResourceContent(one) for one in listed
        ]
        self.meta = dict(meta) if meta is not None else None

    def to_dict(self, uri: str, mime_type: str | None) -> dict[str, Any]:
        """The members of the protocol's result."""
        out: dict[str, Any] = {"contents": [one.to_dict(uri, mime_type) for one in self.contents]}
        return {**out, "_meta": self.meta} if self.meta else out

    def __repr__(self) -> str:
        return f"ResourceResult({self.contents!r}, {self.meta!r})"


def to_resource_result(value: Any, mime_type: str | None = None) -> ResourceResult:
    """What the function of a resource returned, in full; `mime_type` is what was said of it."""
    if isinstance(value, ResourceResult):
        return value
    if isinstance(value, File):
        return ResourceResult([ResourceContent(value.read(), value.mime_type)])
    if is_list(value) and value and all(isinstance(v, ResourceContent) for v in value):
        return ResourceResult(value)
    if isinstance(value, ResourceContent):
        return ResourceResult([value])
    return ResourceResult([ResourceContent("" if value is None else value, mime_type)])


class ResourceSecurity(Record):
    """What the variables of a template may not be: paths that lead elsewhere. On unless said."""

    reject_path_traversal: bool = True
    reject_absolute_paths: bool = True
    reject_null_bytes: bool = True
    exempt_params: frozenset[str] = frozenset()

    def fault(self, variables: Mapping[str, str]) -> str | None:
        """The variable that is refused, if one is."""
        for name, value in variables.items():
            if name not in self.exempt_params and self._is_refused(str(value)):
                return name
        return None

    def _is_refused(self, value: str) -> bool:
        parts = value.replace("\\", "/").split("/")
        is_absolute = value[:1] in ("/", "\\") or value[1:2] == ":"
        return (
            (self.reject_path_traversal and ".." in parts)
            or (self.reject_absolute_paths and is_absolute)
            or (self.reject_null_bytes and "\0" in value)
        )


class Resource(Record):
    """A resource, complete; a template is one with variables in its URI (`ResourceTemplate`)."""

    uri: str
    name: str
    title: str | None = None
    description: str | None = None
    mime_type: str | None = None
    annotations: Annotations | Mapping[str, Any] | None = None
    icons: tuple[Icon | Mapping[str, Any], ...] = ()
    tags: frozenset[str] = frozenset()
    meta: Mapping[str, Any] | None = None
    version: str | None = None
    enabled: bool = True
    is_async: bool = False
    auth: AuthCheck | list[AuthCheck] | None = None
    fn: Callable[..., Any] | None = None
    plan: Plan | None = None

    @property
    def key(self) -> str:
        """What the registry files it under."""
        return self.uri

    @property
    def held(self) -> str | bytes | None:
        """What it always holds, where that is known without `read`."""
        return None

    async def read(self) -> ResourceResult:
        """What it holds."""
        if self.fn is None or self.plan is None:
            raise NotImplementedError(f"{type(self).__name__} overrides neither read nor fn")
        value = await late.run_function()(self.fn, self.plan, {}, self.is_async, True)
        return to_resource_result(value, self.mime_type)

    def info(self) -> dict[str, Any]:
        """What is listed of it besides name and URI, in the protocol's names."""
        out = {
            "title": self.title,
            "description": self.description,
            "mimeType": self.mime_type,
            "size": self._size(),
            "annotations": as_json(self.annotations),
            "icons": [as_json(icon) for icon in self.icons] or None,
            "_meta": with_tags(self.meta, self.tags, self.version) or None,
        }
        return {name: value for name, value in out.items() if value is not None}

    def _size(self) -> int | None:
        held = self.held
        if isinstance(held, str):
            held = held.encode(errors="surrogatepass")  # the core refuses such words
        return None if held is None else len(held)

    def to_dict(self) -> dict[str, Any]:
        """As it is listed."""
        return {"uri": self.uri, "name": self.name, **self.info()}


class TextResource(Resource):
    """A resource that always holds the same words."""

    text: str
    mime_type: str | None = "text/plain"

    def __init__(self, **values: Any) -> None:
        said: dict[str, Any] = {**values, "uri": str(values["uri"])}
        said["name"] = values.get("name") or said["uri"]
        super().__init__(**said)

    @property
    def held(self) -> str | None:
        """The words, unless a subclass has a say."""
        is_plain = kind_of(self).read is TextResource.read and kind_of(self.text) is str
        return self.text if is_plain else None

    async def read(self) -> ResourceResult:
        """The words."""
        return ResourceResult([ResourceContent(self.text, self.mime_type)])


class ResourceTemplate(Resource):
    """A template of URIs, complete; its variables are the function's arguments."""

    security: ResourceSecurity | None = ResourceSecurity()

    @property
    def uri_template(self) -> str:
        """The template."""
        return self.uri

    @property
    def parameters(self) -> dict[str, Any]:
        """The schema of its variables."""
        return self.plan.schema if self.plan is not None else {}

    def matches(self, uri: str) -> dict[str, str] | None:
        """The variables in `uri`, when the template fits it."""
        return UriTemplate(self.uri).match(uri)

    async def read_with(self, variables: dict[str, str]) -> ResourceResult:
        """What is at the URI with these variables."""
        if self.fn is None or self.plan is None:
            raise NotImplementedError(f"{type(self).__name__} overrides neither read_with nor fn")
        refused = self.security.fault(variables) if self.security is not None else None
        if refused is not None:
            raise ResourceError(f"the variable {refused!r} leads elsewhere")
        given = self.plan.read_text({**variables})
        value = await late.run_function()(self.fn, self.plan, given, self.is_async, True)
        return to_resource_result(value, self.mime_type)

    def to_dict(self) -> dict[str, Any]:
        """As it is listed."""
        return {"uriTemplate": self.uri, "name": self.name, **self.info()}


def resource_from_function(fn: Callable[..., Any], uri: str, **settings: Any) -> Resource:
    """A resource or a template, as `uri` or `fn` have variables or not."""
    function = read_function(fn)
    plan = make_plan(function)
    template = UriTemplate(uri)
    if not template.variables and plan.schema["properties"]:
        raise ConfigError(
            f"{function.name!r} takes arguments that its URI {uri!r} has no variables for"
        )
    if template.variables:
        _check_variables(function, plan, template)
    settings["icons"] = tuple(settings.get("icons") or ())
    settings["tags"] = frozenset(settings.get("tags") or ())
    version = settings.get("version")
    settings["version"] = None if version is None else str(version)
    settings["name"] = settings.get("name") or named(function.name, "resource")
    if settings.get("mime_type") is None:
        settings["mime_type"] = _mime_type(function.returns)
    if settings.get("description") is None:
        settings["description"] = parse_docstring(function.doc).description or None
    kind = ResourceTemplate if template.variables else Resource
    if kind is Resource or settings.get("security", ...) is ...:
        settings.pop("security", None)
    return kind(uri=uri, fn=fn, plan=plan, is_async=function.is_async, **settings)


def _mime_type(hint: Any) -> str | None:
    """What a function that promises this gives; nothing for what says so itself."""
    if hint is str:
        return "text/plain"
    if hint is bytes:
        return "application/octet-stream"
    base = get_origin(hint) or hint
    marks = ("__dataclass_fields__", "__required_keys__", "model_fields")
    is_data = base in (dict, list) or any(hasattr(base, mark) for mark in marks)
    return "application/json" if is_data and not _is_content(hint) else None


def _is_content(hint: Any) -> bool:
    return hint is ResourceContent or any(_is_content(arg) for arg in get_args(hint))


def _check_variables(function: Function, plan: Plan, template: UriTemplate) -> None:
    known = set(plan.schema["properties"])
    required = set(plan.schema.get("required", ()))
    unknown = [name for name in template.variables if name not in known]
    absent = sorted(required - set(template.variables))
    if unknown or absent:
        raise ConfigError(
            f"{function.name!r} and its URI {template.text!r} differ: variables without a "
            f"parameter {unknown}, parameters without a variable {absent}"
        )


def resource(uri: str, **settings: Any) -> Callable[[F], F]:
    """Marks a function as a resource without a server."""

    def decorate(fn: F) -> F:
        marked: F = mark_with_uri(fn, Resource, uri, settings)
        return marked

    return decorate


def __getattr__(name: str) -> Any:
    if name in ("BinaryResource", "DirectoryResource", "FileResource"):
        from . import fixed

        return getattr(fixed, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
