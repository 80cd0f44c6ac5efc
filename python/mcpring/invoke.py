"""Calling a function with what it is to be given: conversions, context, dependencies, threads."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from .context import current_context
from .dependencies import Dependency
from .exceptions import ConfigError
from .parameters import is_async, is_async_generator, read_function
from .plan import is_context
from .threads import call_in_thread

if TYPE_CHECKING:
    from .context import Context
    from .plan import Plan

__all__ = ["call_function", "filled", "run_function"]


async def run_function(
    fn: Callable[..., Any],
    plan: Plan,
    arguments: dict[str, Any],
    is_coroutine: bool,
    in_thread: bool,
) -> Any:
    """Converts, injects, calls; for calls inside the process and all that has to wait."""
    arguments = plan.convert(arguments)
    if not plan.injects:
        return await call_function(fn, arguments, is_coroutine, in_thread)
    async with filled(plan) as given:
        return await call_function(fn, {**arguments, **given}, is_coroutine, in_thread)


async def call_function(
    fn: Callable[..., Any], arguments: dict[str, Any], is_coroutine: bool, in_thread: bool
) -> Any:
    """Calls `fn`; one that may block does so on another thread, with the same context variables."""
    if is_coroutine or not in_thread or is_async_generator(fn):
        value = fn(**arguments)
    else:
        value = await call_in_thread(_call_whole, fn, arguments)
    if hasattr(value, "__await__"):
        value = await value
    if hasattr(value, "__anext__"):
        return [item async for item in value]
    return list(value) if hasattr(value, "__next__") else value


def _call_whole(fn: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """A generator's work is done on the thread as well, not when its result is read."""
    value = fn(**arguments)
    return list(value) if hasattr(value, "__next__") else value


@asynccontextmanager
async def filled(plan: Plan) -> AsyncGenerator[dict[str, Any], None]:
    """What the server fills in; what dependencies opened is closed at the end."""
    context = current_context()
    async with AsyncExitStack() as stack:
        given: dict[str, Any] = dict.fromkeys(plan.contexts, context)
        for name, dependency in plan.dependencies.items():
            given[name] = await _resolve(dependency, context, stack, ())
        yield given


async def _resolve(
    dependency: Dependency, context: Context, stack: AsyncExitStack, path: tuple[Any, ...]
) -> Any:
    factory = dependency.factory
    if factory in path:
        raise ConfigError(f"the dependency {dependency!r} depends on itself")
    if dependency.is_cached and factory in context.cache:
        return context.cache[factory]
    arguments: dict[str, Any] = {}
    for name, inner in _needs(factory).items():
        arguments[name] = (
            context if inner is None else await _resolve(inner, context, stack, (*path, factory))
        )
    value = await _open(factory, arguments, stack)
    if dependency.is_cached:
        context.cache[factory] = value
    return value


async def _open(factory: Any, arguments: dict[str, Any], stack: AsyncExitStack) -> Any:
    """Calls a factory and enters what it opens."""
    if is_async_generator(factory) and not hasattr(factory, "__wrapped__"):
        return await stack.enter_async_context(asynccontextmanager(factory)(**arguments))
    if _is_generator(factory) and not hasattr(factory, "__wrapped__"):
        return stack.enter_context(contextmanager(factory)(**arguments))
    value = factory(**arguments)
    if hasattr(value, "__await__") and is_async(factory):
        value = await value
    if hasattr(value, "__aenter__") and _makes_manager(factory):
        return await stack.enter_async_context(value)
    if hasattr(value, "__enter__") and _makes_manager(factory):
        return stack.enter_context(value)
    return value


def _is_generator(factory: Any) -> bool:
    code = getattr(factory, "__code__", None)
    return code is not None and bool(code.co_flags & 0x20)


def _makes_manager(factory: Any) -> bool:
    """Whether a factory is made by `@contextmanager`; a class with `__enter__` is a plain value."""
    return _is_generator(getattr(factory, "__wrapped__", None)) or is_async_generator(
        getattr(factory, "__wrapped__", None)
    )


_needs_known: dict[Any, dict[str, Dependency | None]] = {}


def _needs(factory: Any) -> dict[str, Dependency | None]:
    """A factory's own dependencies; `None` stands for the context. Read once a factory."""
    known = _needs_known.get(factory)
    if known is None:
        known = _read_needs(factory)
        if len(_needs_known) < 4096:  # factories made anew for each call must not pile up
            _needs_known[factory] = known
    return known


def _read_needs(factory: Any) -> dict[str, Dependency | None]:
    if isinstance(factory, type) and not hasattr(vars(factory).get("__init__"), "__code__"):
        return {}
    found: dict[str, Dependency | None] = {}
    for parameter in read_function(factory).parameters:
        if isinstance(parameter.default, Dependency):
            found[parameter.name] = parameter.default
        elif is_context(parameter.hint):
            found[parameter.name] = None
    return found
