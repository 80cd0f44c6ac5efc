"""The parameters of a callable, read without `inspect` where its code says it all.

`inspect` costs five milliseconds to import; decorating a plain function does not need it.
"""

from __future__ import annotations

import sys
import types
import typing
from typing import Any

from ._narrow import is_class, kind_of
from ._record import Record
from .exceptions import ConfigError
from .field import MISSING
from .schema.builder import UnknownType

__all__ = ["Function", "Parameter", "is_async", "is_async_generator", "read_function"]

_COROUTINE, _ASYNC_GENERATOR, _VARARGS, _VARKEYWORDS = 0x80, 0x200, 0x04, 0x08
_ITERABLE_COROUTINE = 0x100


class Parameter(Record):
    """One parameter; `default` is `MISSING` when it has none."""

    name: str
    hint: Any
    default: Any = MISSING


class Function(Record):
    """A callable, read."""

    name: str
    doc: str
    parameters: tuple[Parameter, ...]
    returns: Any
    is_async: bool
    namespace: dict[str, Any]


def read_function(fn: Any) -> Function:
    """Reads `fn`: a function, a method, a partial, or an object that can be called."""
    target, skipped = _target(fn)
    whole: Any = fn
    parameters = _parameters(fn, target, skipped)
    hints, namespace = _hints(target)
    typed = tuple(
        one.replace(hint=hints.get(one.name, Any)) if one.hint is MISSING else one
        for one in parameters
    )
    name = getattr(fn, "__name__", None) or getattr(target, "__name__", "") or ""
    if name == "__call__":
        name = type(fn).__name__
    doc = whole.__doc__ if type(fn) is types.FunctionType else _foreign_doc(fn, target)
    return Function(
        name=str(name),
        doc=doc or "",
        parameters=typed,
        returns=hints.get("return", MISSING),
        is_async=is_async(fn),
        namespace=namespace,
    )


def is_async(fn: Any) -> bool:
    """Whether calling `fn` gives a coroutine."""
    return _has_flag(fn, _COROUTINE | _ITERABLE_COROUTINE)


def is_async_generator(fn: Any) -> bool:
    """Whether calling `fn` gives an asynchronous generator."""
    return _has_flag(fn, _ASYNC_GENERATOR)


def _has_flag(fn: Any, flag: int) -> bool:
    target: Any = fn
    while hasattr(target, "func") and kind_of(target).__name__ == "partial":
        target = target.func
    code = getattr(target, "__code__", None)
    if code is None:
        call = getattr(kind_of(target), "__call__", None)  # noqa: B004 - its code is wanted
        code = getattr(call, "__code__", None)
    if code is None:
        code = getattr(getattr(target, "__func__", None), "__code__", None)
    return code is not None and bool(code.co_flags & flag)


def _target(callable_: Any) -> tuple[Any, int]:
    """The function whose code and hints tell, and how many first parameters are bound."""
    fn: Any = callable_
    skipped = 0
    if kind_of(fn) in (staticmethod, classmethod):
        raise ConfigError("decorate below @staticmethod or @classmethod, or add the bound method")
    while kind_of(fn).__name__ == "partial" and hasattr(fn, "func"):
        fn = fn.func
    is_method = kind_of(fn) is types.MethodType
    if not hasattr(fn, "__code__") and not is_method and not is_class(fn):
        call: Any = getattr(fn, "__call__", None)  # noqa: B004 - the bound method is wanted
        fn = call if kind_of(call) is types.MethodType else fn
    if kind_of(fn) is types.MethodType:
        function: Any = getattr(fn, "__func__")  # noqa: B009 - typed as Any on purpose
        fn, skipped = function, 1
    while hasattr(fn, "__wrapped__"):
        fn = fn.__wrapped__
    return fn, skipped


def _parameters(fn: Any, target: Any, skipped: int) -> list[Parameter]:
    is_plain = isinstance(target, types.FunctionType) and not hasattr(fn, "__signature__")
    if not is_plain or type(fn).__name__ == "partial":
        return _inspected(fn)
    code = target.__code__
    if code.co_flags & (_VARARGS | _VARKEYWORDS):
        raise ConfigError(
            f"{target.__name__}: *args and **kwargs have no schema; name the parameters"
        )
    count = code.co_argcount
    if code.co_posonlyargcount > skipped:
        raise ConfigError(
            f"{target.__name__}: arguments come by name, so no parameter may be positional-only"
        )
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    defaults = target.__defaults__ or ()
    given: dict[str, Any] = dict(zip(names[count - len(defaults) : count], defaults, strict=True))
    given.update(target.__kwdefaults__ or {})
    return [
        Parameter(name=name, hint=MISSING, default=given.get(name, MISSING))
        for name in names[skipped:]
    ]


def _inspected(fn: Any) -> list[Parameter]:
    import inspect

    found: list[Parameter] = []
    for one in inspect.signature(fn).parameters.values():
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD, one.POSITIONAL_ONLY):
            raise ConfigError(f"{fn!r}: the parameter {one} cannot be given by name")
        default = MISSING if one.default is one.empty else one.default
        is_resolved = one.annotation is not one.empty and not isinstance(one.annotation, str)
        hint = one.annotation if is_resolved else MISSING
        found.append(Parameter(name=one.name, hint=hint, default=default))
    return found


def _hints(target: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The resolved hints, and the names they were looked up in."""
    namespace: dict[str, Any] = getattr(target, "__globals__", {})
    if not getattr(target, "__annotations__", None):
        return {}, namespace
    try:
        return typing.get_type_hints(target, include_extras=True), namespace
    except NameError:
        pass
    # Names local to the function that decorates: known to its callers' frames only.
    whole = {**namespace, **_callers_names()}
    hints: dict[str, Any] = {}
    for name, hint in target.__annotations__.items():
        try:
            hints[name] = _resolved(hint, whole)
        except NameError as error:
            if name == "return":  # an unknown result is told in words only
                continue
            raise UnknownType(
                f"{target.__qualname__}: {error}; hints have to be known when the function is "
                "decorated"
            ) from error
    return hints, whole


def _resolved(hint: Any, names: dict[str, Any]) -> Any:
    """One hint, by way of an object that has nothing else."""
    holder = types.SimpleNamespace(__annotations__={"hint": hint})
    holder_any: Any = holder
    return typing.get_type_hints(holder_any, names, names, include_extras=True)["hint"]


def _callers_names() -> dict[str, Any]:
    names: dict[str, Any] = {}
    frame: Any = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if not frame.f_globals.get("__name__", "").startswith(f"{__package__}."):
            names = {**frame.f_locals, **names}
        frame = frame.f_back
    return names


def _foreign_doc(fn: Any, target: Any) -> str:
    """Of a partial or an object: its own words, not those of its type."""
    if type(fn).__name__ == "partial":
        return target.__doc__ or ""
    return fn.__doc__ or getattr(target, "__doc__", "") or ""
